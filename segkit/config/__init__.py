"""client.yml: what a client is called, which files hold its data, and every choice made for its report."""

from segkit.config.drafting import Column, Draft, TableDraft, draft
from segkit.config.loading import is_config, load_config, parse_config, settings_for, stated_lang
from segkit.config.model import GRAINS, Config, client_id

__all__ = [
    "GRAINS",
    "Column",
    "Config",
    "Draft",
    "TableDraft",
    "client_id",
    "draft",
    "is_config",
    "load_config",
    "parse_config",
    "settings_for",
    "stated_lang",
]
