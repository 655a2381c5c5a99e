/** What can be done with a panel. */

import { Menu } from "@mantine/core";
import { IconCompass, IconDotsVertical, IconEye, IconLink, IconTable } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { copyText } from "../../lib/clipboard";
import { useDashboardState } from "./context";
import classes from "./PanelMenu.module.css";

interface Props {
  cellKey: string;
  /** The panel fills the page already. */
  alone: boolean;
  explore: string | null;
}

export function PanelMenu({ cellKey, alone, explore }: Props) {
  const { view, inspect } = useDashboardState();
  const navigate = useNavigate();
  const copyLink = () => {
    const url = new URL(location.href);
    url.searchParams.set("viewPanel", `panel-${cellKey}`);
    void copyText(url.toString());
  };
  return (
    <Menu>
      <Menu.Target>
        <button type="button" className={classes.dots} aria-label="Panel menu">
          <IconDotsVertical size={16} stroke={1.7} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {view && (
          <Menu.Item
            leftSection={<IconEye size={15} />}
            rightSection={<kbd>v</kbd>}
            onClick={() => view(alone ? null : cellKey)}
          >
            {alone ? "Back to the dashboard" : "View alone"}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconTable size={15} />} rightSection={<kbd>i</kbd>} onClick={() => inspect(cellKey)}>
          Inspect data and query
        </Menu.Item>
        {explore && (
          <Menu.Item
            leftSection={<IconCompass size={15} />}
            rightSection={<kbd>p x</kbd>}
            onClick={() => void navigate({ to: explore })}
          >
            Open in Explore
          </Menu.Item>
        )}
        {view && (
          <Menu.Item leftSection={<IconLink size={15} />} onClick={copyLink}>
            Copy link to the panel
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
