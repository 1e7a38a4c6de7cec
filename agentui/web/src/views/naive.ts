import type { GlobalThemeOverrides } from 'naive-ui';

interface Shades {
  normal: string;
  hover: string;
  pressed: string;
}

type Meaning = 'primary' | 'success' | 'warning' | 'error';

function inColours(
  meanings: Record<Meaning, Shades>,
  surfaces: Record<string, string> = {},
): GlobalThemeOverrides {
  const common: Record<string, string> = {
    borderRadius: '8px',
    fontFamily: 'var(--font)',
    fontSize: '15px',
    ...surfaces,
  };
  for (const [meaning, shades] of Object.entries(meanings)) {
    common[`${meaning}Color`] = shades.normal;
    common[`${meaning}ColorHover`] = shades.hover;
    common[`${meaning}ColorPressed`] = shades.pressed;
    common[`${meaning}ColorSuppl`] = shades.hover;
  }
  return { common };
}

const edge = '1px solid #46545a';

/** The component library in the colours of theme.css: text on each is white by day, black by night, at 4.5:1 or better; so is a hint in an empty field. */
export const overrides = {
  light: inColours(
    {
      primary: { normal: '#0b6b63', hover: '#0d7f75', pressed: '#08544e' },
      success: { normal: '#157347', hover: '#198754', pressed: '#105a37' },
      warning: { normal: '#8a5a00', hover: '#9c6700', pressed: '#704900' },
      error: { normal: '#b42318', hover: '#c5382c', pressed: '#931b12' },
    },
    { placeholderColor: '#697672' },
  ),
  // The library draws no edge by night: on the sunken ground of a panel a field could not be told from the panel.
  dark: {
    ...inColours(
      {
        primary: { normal: '#5cc2b6', hover: '#74d0c5', pressed: '#46a89d' },
        success: { normal: '#6fcf97', hover: '#86d9a8', pressed: '#57b981' },
        warning: { normal: '#e6b95c', hover: '#eec777', pressed: '#cfa146' },
        error: { normal: '#ff8a80', hover: '#ffa39b', pressed: '#e8746a' },
      },
      {
        bodyColor: '#0f1416',
        cardColor: '#171e21',
        popoverColor: '#263136',
        inputColor: '#1f282c',
        borderColor: '#2e393e',
        textColorBase: '#dfe6e4',
        textColor1: '#dfe6e4',
        textColor2: '#dfe6e4',
        textColor3: '#9aa8a5',
        placeholderColor: '#8b9996',
      },
    ),
    Input: { border: edge },
    InternalSelection: { border: edge },
  },
};
