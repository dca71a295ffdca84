"""``me("张三", "一组")``: whose work this is (姓名与小组), for the score sheet and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segkit.locale import say
from segkit.locale.spoken import spoken
from segkit.teach import answers
from segkit.teach.namespace import in_notebook


@dataclass(frozen=True)
class Person:
    """Who works here, and in which group; either may be blank."""

    name: str
    group: str

    def __repr__(self) -> str:
        if not self.name:
            return say("teach.me.nobody", spoken())
        return say("teach.me.is", spoken(), name=self.name, group=self.group or "-")


def me(name: str | None = None, group: str = "") -> Any:
    """Whose work is this? ``me("张三", "一组")`` says it in code, ``me()`` asks with two fields.

    It is kept in ``answers/me.json`` beside the notebook and goes on no report; a work name will do.
    """
    if name is not None:
        answers.write("me", name=str(name).strip(), group=str(group).strip())
        return Person(*answers.person())
    return _asked() if in_notebook() else Person(*answers.person())


def _asked() -> Any:
    import ipywidgets as widgets

    lang = spoken()
    known = Person(*answers.person())
    fields = {
        key: widgets.Text(value=value, description=say(f"teach.me.{key}", lang), continuous_update=False)
        for key, value in (("name", known.name), ("group", known.group))
    }
    said = widgets.Label(value=repr(known))

    def keep(_: object) -> None:
        answers.write("me", **{key: field.value.strip() for key, field in fields.items()})
        said.value = repr(Person(*answers.person()))

    for field in fields.values():
        field.observe(keep, "value")
    return widgets.VBox([widgets.HBox(list(fields.values())), said])
