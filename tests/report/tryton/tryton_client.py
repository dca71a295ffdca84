"""Our files for Tryton, imported through its own `import_data`, as somebody at the client's would."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import json
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

from segkit.report.render.crm.mapping import CrmObject, crm_of

MARK = "[segkit]"  # how a note of ours begins


class Refused(Exception):
    """What the server said to a call."""


class Tryton:
    """One session of `admin`, in Chinese, over JSON-RPC."""

    def __init__(self, url: str, password: str) -> None:
        self.url = url
        self.headers = {"Content-Type": "application/json; charset=utf-8"}
        self.context: dict[str, Any] = {"language": "zh_CN"}
        user, session = self.call("common.db.login", "admin", {"password": password}, "zh_CN")[:2]
        token = base64.b64encode(f"admin:{user}:{session}".encode()).decode("ascii")
        self.headers["Authorization"] = f"Session {token}"
        self.user = user

    def call(self, method: str, *params: Any) -> Any:
        body = {"id": 1, "method": method, "params": params}
        data = json.dumps(body, ensure_ascii=False, default=_tagged).encode("utf-8")
        request = urllib.request.Request(self.url, data, self.headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                told = json.loads(answer.read(), object_hook=_untagged)
        except urllib.error.HTTPError as fault:
            raise Refused(
                f"{method}: {fault.code} {fault.read()[:500].decode('utf-8', 'replace')}"
            ) from fault
        if isinstance(told, dict) and told.get("error"):
            raise Refused(f"{method}: {str(told['error'])[:500]}")
        return told["result"] if isinstance(told, dict) and "result" in told else told

    def model(self, model: str, method: str, *params: Any) -> Any:
        return self.call(f"model.{model}.{method}", *params, self.context)

    def records(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        return list(self.model(model, "search_read", domain, 0, None, None, fields))

    def count(self, model: str) -> int:
        return int(self.model(model, "search_count", []))


def found_company(server: Tryton) -> None:
    """What opportunities need before the first one: a currency, a company, and an employee who is the user."""
    yuan = {"name": "人民币", "code": "CNY", "symbol": "￥", "digits": 2, "rounding": Decimal("0.01")}
    currency = server.model("currency.currency", "create", [yuan])[0]
    firm, person = server.model(
        "party.party",
        "create",
        [{"name": "卖家公司（虚构）", "code": "OWN"}, {"name": "员工（虚构）", "code": "STAFF"}],
    )
    company = server.model("company.company", "create", [{"party": firm, "currency": currency}])[0]
    employee = server.model("company.employee", "create", [{"party": person, "company": company}])[0]
    own = {
        "companies": [["add", [company]]],
        "company": company,
        "employees": [["add", [employee]]],
        "employee": employee,
    }
    server.model("res.user", "write", [server.user], own)
    server.context |= {"company": company, "employee": employee}


def import_files(server: Tryton, folder: Path) -> dict[str, tuple[int, int]]:
    """Every file of ``crm/tryton``, in the order of the mapping; (created, updated) by kind of file."""
    done = {}
    for kind in crm_of("tryton").objects:
        created = updated = 0
        for path in sorted(folder.glob(f"{kind.name}_*.csv")):
            with path.open(encoding="utf-8", newline="") as handle:
                fields, *rows = csv.reader(handle)
            if kind.object == "ir.note":
                said = _notes(server, [row[0] for row in rows])
                rows = [row for row in rows if tuple(row) not in said]
            at = fields.index(kind.key)
            known = {} if kind.insert_only else _ids(server, kind, [row[at] for row in rows])
            new = [row for row in rows if row[at] not in known]
            old = [[str(known[row[at]]), *row] for row in rows if row[at] in known]
            if new:
                created += server.model(kind.object, "import_data", fields, new)
            if old and len(fields) > 1:  # a file of keys alone has nothing to update
                updated += server.model(kind.object, "import_data", ["id", *fields], old)
        done[kind.name] = (created, updated)
    return done


def _ids(server: Tryton, kind: CrmObject, keys: list[str]) -> dict[str, int]:
    """The records that are there already, by their key as it stands in the file."""
    return {r[kind.key]: r["id"] for r in server.records(kind.object, [[kind.key, "in", keys]], [kind.key])}


def _notes(server: Tryton, resources: list[str]) -> set[tuple[str, str]]:
    """What our notes say already of these parties: (resource by code, message). A note cannot be changed."""
    codes = [resource.partition(",")[2] for resource in resources]
    parties = server.records("party.party", [["code", "in", codes]], ["code"])
    code_of = {f"party.party,{p['id']}": p["code"] for p in parties}
    domain = [["resource", "in", list(code_of)], ["message", "like", f"{MARK}%"]]
    notes = server.records("ir.note", domain, ["resource", "message"])
    return {(f"party.party,{code_of[note['resource']]}", note["message"]) for note in notes}


def _tagged(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    raise TypeError(type(value).__name__)


def _untagged(value: dict[str, Any]) -> Any:
    if value.get("__class__") == "date":
        return dt.date(value["year"], value["month"], value["day"])
    return value
