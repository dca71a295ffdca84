"""A text that stands in a file in both languages (双语文本)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from segkit.locale import Lang


class Words(BaseModel):
    """One text in both languages; neither may be blank. ``words["zh"]`` gives the Chinese."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __getitem__(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en
