/** Mantine, dressed in this project's tokens. */

import {
  type CSSVariablesResolver,
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorSchemeManager,
} from "@mantine/core";

export const theme = createTheme({
  fontFamily: "var(--font-ui)",
  fontFamilyMonospace: "var(--font-mono)",
  fontSizes: { xs: "11px", sm: "12px", md: "13px", lg: "15px", xl: "20px" },
  defaultRadius: "6px",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { openDelay: 250, withArrow: false, multiline: true } },
    Menu: { defaultProps: { shadow: "none", transitionProps: { duration: 80 }, position: "bottom-end" } },
    Popover: { defaultProps: { shadow: "none", transitionProps: { duration: 80 } } },
    Modal: {
      defaultProps: {
        transitionProps: { duration: 100 },
        centered: false,
        closeButtonProps: { "aria-label": "Close" },
      },
    },
  },
});

const shared = {
  "--mantine-color-body": "var(--bg-surface)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--text-dim)",
  "--mantine-color-default": "var(--bg-surface)",
  "--mantine-color-default-hover": "var(--bg-hover)",
  "--mantine-color-default-border": "var(--border)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-placeholder": "var(--text-faint)",
  "--mantine-color-error": "var(--error)",
  "--mantine-primary-color-filled": "var(--accent)",
  "--mantine-primary-color-contrast": "var(--accent-contrast)",
};

/** Both schemes read the same tokens; the tokens themselves change. */
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });

const stored = localStorageColorSchemeManager({ key: "pharos-theme" });

/** The user's choice; `?theme=light` in the address wins, as for links into wall displays. */
export const colorSchemeManager: MantineColorSchemeManager = {
  ...stored,
  get: (fallback) => {
    const asked = new URLSearchParams(location.search).get("theme");
    return asked === "dark" || asked === "light" ? asked : stored.get(fallback);
  },
};
