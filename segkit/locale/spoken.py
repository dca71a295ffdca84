"""The language of display (显示语言) in a notebook: set once by ``segkit.use("zh")``, read where something is shown."""

from __future__ import annotations

from segkit.locale import Lang, lang_or_default

_spoken: Lang | None = None


def speak(lang: Lang) -> None:
    """From now on tables, charts and widgets are shown in `lang`; no number changes."""
    global _spoken  # noqa: PLW0603
    _spoken = lang


def spoken() -> Lang:
    """The language set by `speak`, else the machine's."""
    return _spoken or lang_or_default()
