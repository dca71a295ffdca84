"""A partner's tags: who consents is not like all, known columns set it right, and no tag is there without consent."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from segkit.synth.build import build

OUTDOORS, CAMPAIGN = "户外", "联合活动"
BIG = ("一线", "新一线")


class Match:
    """One draw: the table as it stands, and as a trainee would clean it."""

    def __init__(self, folder: Path, text_of: Callable[[Path], pd.DataFrame]) -> None:
        self.raw = text_of(folder / "partner_tags" / "tags.csv")
        self.people, self.groups, self.defects, self.planted = (
            text_of(folder / "_truth" / f"partner_tags_{n}.csv")
            for n in ("people", "groups", "defects", "planted")
        )
        self.retail = text_of(folder / "retail" / "customers.csv")
        self.retail_planted = text_of(folder / "_truth" / "retail_planted.csv")
        self.summary = yaml.safe_load((folder / "_truth" / "partner_tags_summary.yml").read_text("utf-8"))
        table = self.raw.drop_duplicates().copy()
        table["customer_id"] = [unicodedata.normalize("NFKC", i) for i in table["customer_id"]]
        self.listed = table.reset_index(drop=True)
        found = self.listed["customer_id"].isin(self.retail["customer_id"])
        self.table = self.listed[found].reset_index(drop=True)
        stands = (self.table["consent_to_share"] == "1") & (self.table["consent_withdrawn_date"] == "")
        self.agreed = self.table[stands]

    def outdoors(self) -> pd.Series[bool]:
        """The tag among those whose consent stands."""
        return self.agreed["tags"].str.split(";").map(lambda tags: OUTDOORS in tags)

    def weighted(self, *columns: pd.Series[Any]) -> tuple[float, float]:
        """Share of outdoors by post-stratification on these columns, and its standard error."""
        seen, error, total = self.outdoors(), 0.0, 0.0
        for _, own in self.table.groupby(list(columns)):
            known = seen[seen.index.intersection(own.index)]
            part, share = len(own) / len(self.table), known.mean()
            total += part * share
            error += part**2 * (1 - len(known) / len(own)) * share * (1 - share) / max(len(known) - 1, 1)
        return total, error**0.5

    def true_share(self) -> float:
        return float((self.people["outdoors"] == "1").mean())


@pytest.fixture(scope="module", params=range(3))
def match(request: Any, draws_of: Callable[..., list[Path]], text_of: Callable[..., pd.DataFrame]) -> Match:
    folder = draws_of("partner_tags")[request.param]
    if not (folder / "retail").is_dir():
        build(["retail"], out=folder, seed=(5, 6)[request.param - 1])
    return Match(folder, text_of)


def test_sizes_and_shares(match: Match) -> None:
    table = match.table
    assert len(table) == 300 and match.listed["customer_id"].is_unique
    big = table["city_tier"].isin(BIG)
    sizes = table.groupby(["age_band", big]).size() / 300
    planted = {"18-29": (0.17, 0.17), "30-44": (0.18, 0.18), "45+": (0.16, 0.14)}
    for band, shares in planted.items():
        assert tuple(sizes[band]) == pytest.approx(shares, abs=0.006)
    agreed = (table["consent_to_share"] == "1").groupby([table["age_band"], big]).mean()
    for band, shares in {"18-29": (0.52, 0.92), "30-44": (0.26, 0.62), "45+": (0.22, 0.44)}.items():
        assert tuple(agreed[band]) == pytest.approx(shares, abs=0.03)
    standing = match.agreed.groupby(["age_band", match.agreed["city_tier"].isin(BIG)]).size()
    assert len(standing) == 6 and standing.min() >= 8, "a share can be had of every group"
    assert match.summary["smallest_group"] == standing.min()


def test_nothing_is_known_of_those_who_did_not_consent(match: Match) -> None:
    refused = match.raw[match.raw["consent_to_share"] == "0"]
    assert len(refused) > 120
    for column in ("partner_user_id", "purpose", "consent_date", "consent_withdrawn_date"):
        assert set(refused[column]) == {""}, column
    for column in ("partner_user_id", "tags", "purpose", "consent_date"):
        assert (match.raw.loc[match.raw["consent_to_share"] == "1", column] != "").all(), column
    given = match.listed[match.listed["consent_to_share"] == "1"]
    assert given["consent_date"].between("2025-10-13", "2025-12-19").all()
    assert given["partner_user_id"].is_unique and given["partner_user_id"].str.fullmatch(r"U\d{6}").all()
    assert match.summary["refused"] == (match.table["consent_to_share"] == "0").sum()


def test_tags_that_may_not_be_used_are_planted_and_told(match: Match) -> None:
    raw, planted = match.raw, match.planted
    rows = {reason: sorted(own["row"].astype(int) - 2) for reason, own in planted.groupby("reason")}
    astray = raw.index[(raw["consent_to_share"] == "0") & (raw["tags"] != "")]
    assert rows["tag_without_consent"] == sorted(astray) and len(astray) == 2
    withdrawn = raw[raw["consent_withdrawn_date"] != ""]
    assert rows["withdrawn"] == sorted(withdrawn.index) and len(withdrawn) == 6
    assert (withdrawn["tags"] != "").all(), "they are still in the file"
    assert (withdrawn["consent_withdrawn_date"] > withdrawn["consent_date"]).all()
    assert (withdrawn["consent_withdrawn_date"] <= "2025-12-31").all()
    gone = planted["reason"].isin(["withdrawn", "tag_without_consent"])
    assert set(planted.loc[gone, "column"]) == {"tags"} and set(planted["new"]) == {""}
    told = match.people.set_index("customer_id")["state"]
    assert set(told.index[told == "withdrawn"]) == set(withdrawn["customer_id"])


def test_the_match_rate_needs_clean_ids(match: Match) -> None:
    ids = match.retail["customer_id"]
    unmatched = match.raw.index[
        ~match.raw["customer_id"].map(lambda i: unicodedata.normalize("NFKC", i)).isin(ids)
    ]
    lines = match.planted[match.planted["reason"] == "unmatched_id"]
    assert sorted(lines["row"].astype(int) - 2) == sorted(unmatched) and len(unmatched) == 12
    plain = match.raw.drop_duplicates()["customer_id"].isin(ids).mean()
    clean = match.listed["customer_id"].isin(ids).mean()
    assert match.summary["matched_share"] == pytest.approx(clean, abs=1e-4)
    assert match.summary["matched_as_written"] == pytest.approx(plain, abs=1e-4)
    assert plain < clean == pytest.approx(300 / 312)


def test_every_customer_is_one_of_the_retailers_with_his_age_and_city(match: Match) -> None:
    plain = match.raw["customer_id"].isin(match.retail["customer_id"])
    wide = match.defects[match.defects["reason"] == "full_width"]
    lost = match.planted[match.planted["reason"] == "unmatched_id"]
    assert sorted(match.raw.index[~plain]) == sorted(pd.concat([wide, lost])["row"].astype(int) - 2)
    own = match.retail.set_index("customer_id").loc[match.table["customer_id"]].reset_index()
    assert (own["city_tier"] == match.table["city_tier"]).all()
    ages = match.retail_planted[match.retail_planted["reason"] == "implausible_age"]
    age = match.retail["age"].astype(int)
    age.loc[ages["row"].astype(int) - 2] = ages["new"].astype(int).to_numpy()
    true = age.set_axis(match.retail["customer_id"])[match.table["customer_id"]].to_numpy()
    band = np.select([true < 30, true < 45], ["18-29", "30-44"], "45+")
    assert (band == match.table["age_band"]).all()
    assert (own["register_date"] <= "2025-09-30").all()


def test_known_columns_set_right_what_consent_bends(match: Match) -> None:
    true, naive = match.true_share(), match.outdoors().mean()
    age, big = match.table["age_band"], match.table["city_tier"].isin(BIG)
    weighted, error = match.weighted(age, big)
    assert naive > true + 0.08, "who consents loves outdoors more"
    assert abs(weighted - true) < 0.035
    for alone in (age, big):
        half, _ = match.weighted(alone)
        assert half > true + 0.03, "one column alone leaves a good part of it"
        assert half > weighted + 0.035
    assert naive > weighted + 1.96 * error > true > weighted - 1.96 * error
    assert 0.02 < error < 0.045
    told = match.summary
    assert told["naive_share"] == pytest.approx(naive, abs=1e-4)
    assert told["by_age_share"] == pytest.approx(match.weighted(age)[0], abs=1e-4)
    assert told["by_city_share"] == pytest.approx(match.weighted(big)[0], abs=1e-4)
    assert told["post_stratified_share"] == pytest.approx(weighted, abs=1e-4)
    assert told["post_stratified_error"] == pytest.approx(error, abs=1e-4)
    assert told["post_stratified_low"] == pytest.approx(weighted - 1.96 * error, abs=1e-4)
    assert told["post_stratified_high"] == pytest.approx(weighted + 1.96 * error, abs=1e-4)
    assert told["true_share"] == pytest.approx(true, abs=1e-4)


def test_city_matters_within_every_age_band(match: Match) -> None:
    likes = (match.people["outdoors"] == "1").groupby([match.people["age_band"], match.people["tier_group"]])
    gap = likes.mean().unstack()
    assert (gap["top"] - gap["other"] > 0.15).all()


def test_within_a_group_consent_says_nothing_about_outdoors(match: Match) -> None:
    """What post-stratification rests on; in real data it could not be seen."""
    people = match.people.merge(match.table[["customer_id", "consent_to_share"]], on="customer_id")
    people["likes"] = (people["outdoors"] == "1").astype(float)
    by = people.groupby(["age_band", "tier_group", "consent_to_share"])["likes"].mean().unstack()
    weight = people.groupby(["age_band", "tier_group"]).size()
    assert abs(((by["1"] - by["0"]) * weight).sum() / weight.sum()) < 0.08


def test_truth_agrees_with_the_tags_where_they_may_be_seen(match: Match) -> None:
    people = match.people.set_index("customer_id")
    assert set(people.index) == set(match.table["customer_id"])
    assert set(people.index[people["state"] == "consenting"]) == set(match.agreed["customer_id"])
    seen = people.loc[match.agreed["customer_id"], "outdoors"] == "1"
    assert (seen.to_numpy() == match.outdoors().to_numpy()).all()
    for row in match.groups.itertuples():
        own = match.people[
            (match.people["age_band"] == row.age_band) & (match.people["tier_group"] == row.tier_group)
        ]
        agreed = own["customer_id"].isin(match.agreed["customer_id"])
        assert int(row.people) == len(own) and int(row.consenting) == agreed.sum()
        assert int(row.outdoors) == (own["outdoors"] == "1").sum()
        assert int(row.outdoors_consenting) == ((own["outdoors"] == "1") & agreed).sum()


def test_a_campaign_reaches_only_those_who_agreed_to_it_on_both_sides(match: Match) -> None:
    purposes = match.agreed["purpose"].str.split(";")
    assert purposes.map(lambda p: "统计分析" in p).all()
    joint = match.agreed[purposes.map(lambda p: CAMPAIGN in p)]
    assert len(joint) / len(match.agreed) == pytest.approx(0.62, abs=0.04)
    assert match.summary["for_campaign"] == len(joint)
    marketing = match.retail.set_index("customer_id")["consent_marketing"]
    allowed = joint[(marketing[joint["customer_id"]] == "1").to_numpy()]
    told = match.people.loc[match.people["may_contact"] == "1", "customer_id"]
    assert set(told) == set(allowed["customer_id"])
    assert match.summary["may_contact"] == len(told) < 0.65 * len(match.agreed)


def test_dirt_is_there_in_the_number_stated(match: Match) -> None:
    for line in match.defects.itertuples():
        assert line.file == "tags.csv" and match.raw.at[int(line.row) - 2, line.column] == line.old
    assert match.raw.duplicated().sum() == 4
    wide = match.raw[
        ~match.raw["customer_id"].str.fullmatch(r"C\d{6}") | ~match.raw["customer_id"].map(str.isascii)
    ]
    assert len(wide) == 3
    counted = match.defects["reason"].value_counts().to_dict()
    assert counted == {"duplicate": 4, "full_width": 3}
    counted = match.planted["reason"].value_counts().to_dict()
    assert counted == {"unmatched_id": 12, "withdrawn": 6, "tag_without_consent": 2}
    fixed = match.defects[match.defects["reason"] == "full_width"]
    assert [unicodedata.normalize("NFKC", old) for old in fixed["old"]] == fixed["new"].tolist()


def test_the_small_size_keeps_sixty_people_of_the_small_shop(
    tmp_path: Path, text_of: Callable[..., pd.DataFrame]
) -> None:
    build(["partner_tags", "retail"], out=tmp_path, size="small", names="en")
    small = Match(tmp_path, text_of)
    assert len(small.table) == 60
    assert set(small.planted["reason"]) == {"unmatched_id", "withdrawn", "tag_without_consent"}
    assert len(small.listed) == 61
    assert len(small.groups) == 6 and (small.groups["consenting"] != "0").all()
    assert small.defects["reason"].tolist().count("full_width") == 1
