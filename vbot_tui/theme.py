"""The looks: one calm dark theme, one light, and the terminal's own sixteen colours.

Imported by the app only; colours carry no meaning that letters and shapes do not carry too.
"""

from textual.theme import Theme

BRIGHT = ("#56b4e9", "#e69f00", "#2fb894", "#f0e442", "#cc79a7", "#d8704a", "#7f9fe0", "#b8c0c8")
DEEP = ("#0072b2", "#b06a00", "#007a58", "#8a7a00", "#a8457f", "#b84a10", "#3a4fa0", "#50585f")
PLAIN = ("cyan", "yellow", "green", "magenta", "blue", "red", "bright_cyan", "bright_black")
"""Colours of curves, after Okabe and Ito, for dark, light and sixteen-colour terminals."""


def _curves(colours: tuple[str, ...]) -> dict[str, str]:
    return {f"vbot-s{index}": colour for index, colour in enumerate(colours)}


DARK = Theme(
    name="vbot-dark",
    primary="#6cb6c8",
    secondary="#8a9ab0",
    accent="#8fb8e8",
    success="#7fc08a",
    warning="#e0b060",
    error="#e07a70",
    foreground="#c8d0d8",
    background="#11151a",
    surface="#161b22",
    panel="#1d242d",
    dark=True,
    variables={"vbot-dim": "#768390", "vbot-spark": "#5b8aa0", "vbot-cursor": "#233542", **_curves(BRIGHT)},
)

LIGHT = Theme(
    name="vbot-light",
    primary="#1f6f84",
    secondary="#56657a",
    accent="#2f5fa0",
    success="#2f7a3c",
    warning="#946200",
    error="#b03a30",
    foreground="#20262c",
    background="#f7f7f4",
    surface="#eeeeea",
    panel="#e2e3df",
    dark=False,
    variables={"vbot-dim": "#6b7278", "vbot-spark": "#4a7f95", "vbot-cursor": "#cfe0e6", **_curves(DEEP)},
)

DEFAULTS = {"vbot-dim": "ansi_bright_black", "vbot-spark": "ansi_cyan", "vbot-cursor": "ansi_blue",
            **_curves(tuple(f"ansi_{name}" for name in PLAIN))}  # fmt: skip
"""Our own variables for themes that do not set them: the sixteen colours every terminal has."""

THEMES = (DARK, LIGHT)
NAMES = {"dark": "vbot-dark", "light": "vbot-light", "ansi": "ansi-dark"}

CSS = """
Screen { background: $background; color: $foreground; layers: base; }
* { scrollbar-size-vertical: 0; scrollbar-size-horizontal: 0; }

LineView { background: $background; color: $foreground; }
LineView > .role--dim { color: $vbot-dim; }
LineView > .role--good { color: $success; }
LineView > .role--warn { color: $warning; }
LineView > .role--bad { color: $error; text-style: bold; }
LineView > .role--accent { color: $accent; }
LineView > .role--title { color: $primary; text-style: bold; }
LineView > .role--key { color: $primary; text-style: bold; }
LineView > .role--spark { color: $vbot-spark; }
LineView > .role--s0 { color: $vbot-s0; }
LineView > .role--s1 { color: $vbot-s1; }
LineView > .role--s2 { color: $vbot-s2; }
LineView > .role--s3 { color: $vbot-s3; }
LineView > .role--s4 { color: $vbot-s4; }
LineView > .role--s5 { color: $vbot-s5; }
LineView > .role--s6 { color: $vbot-s6; }
LineView > .role--s7 { color: $vbot-s7; }
LineView > .role--cursor { background: $vbot-cursor; color: $foreground; }
"""
