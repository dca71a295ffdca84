"""Is a set of rules sound? One check for segment maps and for rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segkit.schemes import segment_maps
from segkit.schemes.rule_lint import RuleLint
from segkit.schemes.rules import Rules
from segkit.schemes.segment_maps import Lint, Segment


def lint(
    checked: str | Rules | Mapping[str, Any] | Sequence[Segment | Mapping[str, Any]], *, bins: int = 5
) -> Lint | RuleLint:
    """Does every case have exactly one label, and can every label occur? (对照表和规则检查)

    Parameters
    ----------
    checked : a segment map (``"eleven"``, ``"grid25"``, ``"eight"``, or a list of segments as in schemes.yml),
        or rules: a `Rules` scheme, its fields as a mapping, or the list of rules. Rules given as plain data may
        leave cases open; a `Rules` scheme never does.
    bins : for own segment maps, scores run from 1 to bins

    Raises
    ------
    ValidationError : what is given is neither a map nor rules
    """
    if isinstance(checked, Rules):
        return checked.lint()
    if isinstance(checked, Mapping):
        return Rules.model_validate(checked, context={"with_holes": True}).lint()
    rules = not isinstance(checked, str) and any(
        isinstance(line, Mapping) and "when" in line for line in checked
    )
    if rules:
        return Rules.model_validate({"rules": list(checked)}, context={"with_holes": True}).lint()
    return segment_maps.lint(checked, bins=bins)
