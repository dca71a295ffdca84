"""client.yml of a sample client: how its files are read and which playbook answers for its trade."""

from __future__ import annotations

from importlib import resources
from typing import Any

from segkit.locale import Lang
from segkit.synth.calendar import AS_OF
from segkit.synth.files import File, TextFile
from segkit.synth.people import Names, shared_words

# `init` writes the same maps: eight cells for zh, eleven segments for en
MAPS = {"zh": "eight", "en": "eleven"}


def client_files(case: str, names: Names) -> list[File]:
    """client.yml from the template beside the case (cases/<case>/client.yml); none where there is no template.

    A template is the file itself with the words of this language in braces; it says nothing of the draw, so
    every seed and size has the same.
    """
    template = resources.files(__package__).joinpath("cases", case, "client.yml")
    if not template.is_file():
        return []
    lang: Lang = names
    side = 0 if names == "zh" else 1
    words: dict[str, Any] = {key: pair[side] for key, pair in shared_words("client_yml").items()}
    words |= {
        "name": shared_words("clients")[case][side],
        "lang": lang,
        "as_of": AS_OF.isoformat(),
        "map_of_segments": MAPS[lang],
    }
    text = template.read_text(encoding="utf-8").format_map(words)
    return [TextFile(f"{case}/client.yml", text, "utf-8")]
