/** What can be done with a panel. */

import { Menu } from "@mantine/core";
import { IconCompass, IconDotsVertical, IconEye, IconLink, IconList, IconPhoto, IconTable } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { copyText } from "../../lib/clipboard";
import { useDashboardState } from "./context";
import classes from "./PanelMenu.module.css";

interface Props {
  cellKey: string;
  title: string;
  /** The panel fills the page already. */
  alone: boolean;
  explore: string | null;
}

/** The button alone until it is pressed: a dashboard has fifty of them, and a menu costs more than a chart's axis. */
export function PanelMenu(props: Props) {
  const [used, setUsed] = useState(false);
  if (used) return <OpenMenu {...props} />;
  return (
    <button
      type="button"
      className={classes.dots}
      data-screen-only=""
      aria-haspopup="menu"
      aria-expanded={false}
      aria-label={`Menu of ${props.title}`}
      onClick={() => setUsed(true)}
    >
      <IconDotsVertical size={16} stroke={1.7} />
    </button>
  );
}

function OpenMenu({ cellKey, title, alone, explore }: Props) {
  const [opened, setOpened] = useState(true);
  const { view, inspect, legends } = useDashboardState();
  const [problem, setProblem] = useState("");
  const saveImage = async () => {
    try {
      const { savePanelImage } = await import("./panelImage");
      await savePanelImage(cellKey, title);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The picture could not be made");
      setTimeout(() => setProblem(""), 5000);
    }
  };
  const navigate = useNavigate();
  const copyLink = () => {
    const url = new URL(location.href);
    url.searchParams.set("viewPanel", `panel-${cellKey}`);
    url.searchParams.delete("inspect");
    void copyText(url.toString());
  };
  return (
    <Menu opened={opened} onChange={setOpened}>
      <Menu.Target>
        <button
          type="button"
          className={classes.dots}
          data-screen-only=""
          data-problem={problem !== ""}
          aria-label={`Menu of ${title}`}
          title={problem || undefined}
        >
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
        <Menu.Item
          leftSection={<IconList size={15} />}
          rightSection={<kbd>p l</kbd>}
          onClick={() => legends.flip(cellKey)}
        >
          Show or hide the legend
        </Menu.Item>
        <Menu.Item leftSection={<IconPhoto size={15} />} onClick={() => void saveImage()}>
          Save as a picture (PNG)
        </Menu.Item>
        {view && (
          <Menu.Item leftSection={<IconLink size={15} />} onClick={copyLink}>
            Copy link to the panel
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
