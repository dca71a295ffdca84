"""Where the numbers of a rule come from, as its file says it: one text, or one for each language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segkit.locale import Lang


class Sourced:
    """What has a `source`: one text for all languages, one a language, or nothing."""

    if TYPE_CHECKING:
        source: Any  # each model says itself what it takes, and where the field stands in its file

    def source_text(self, lang: Lang) -> str:
        """Where the numbers come from, in a language; empty where nobody said."""
        return (self.source.get(lang, "") if isinstance(self.source, dict) else self.source) or ""
