import type { GlobalThemeOverrides } from 'naive-ui';

function palette(primary: string, hover: string, pressed: string): GlobalThemeOverrides {
  return {
    common: {
      primaryColor: primary,
      primaryColorHover: hover,
      primaryColorPressed: pressed,
      primaryColorSuppl: hover,
      borderRadius: '8px',
      fontFamily: 'var(--font)',
      fontSize: '15px',
    },
  };
}

/** The component library in the colours of theme.css. */
export const overrides = {
  light: palette('#0b6b63', '#0d7f75', '#08544e'),
  dark: palette('#5cc2b6', '#74d0c5', '#46a89d'),
};
