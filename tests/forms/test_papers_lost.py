"""The loss notices (オ)(キ): what each reason asks for, and the day that starts the clock."""

from __future__ import annotations

from datetime import date

import pytest

from fieldkit.forms import load_form
from tests.forms.form_cases import FORMS, TODAY, pdf_text
from tests.forms.notice_cases import marked, page_of, paper, sample, state
from tests.needs import needs

pytestmark = needs("poppler-utils")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"loss": "lost", "place_kind": "home"}, set()),
        ({"loss": "lost", "place_kind": "outside"}, {"police"}),
        ({"loss": "lost", "place_kind": "unknown"}, {"police"}),
        ({"loss": "stolen"}, {"police"}),
        ({"loss": "burnt"}, {"risai_seen"}),
        ({"loss": "other"}, {"loss_other"}),
    ],
)
def test_the_loss_notice_asks_for_the_proof_that_the_reason_needs(
    changes: dict[str, str], wanted: set[str]
) -> None:
    none = dict.fromkeys(("police", "police_no_told", "risai_seen", "loss_other"), "")
    missing = set(state("funshitsu", sample("funshitsu", **(none | changes))).missing)
    assert missing == wanted


@pytest.mark.parametrize("reason", ["lost", "stolen", "burnt", "other"])
def test_the_loss_notice_circles_the_reason(reason: str) -> None:
    form = load_form(FORMS, "funshitsu")
    pdf = paper(
        "funshitsu", sample("funshitsu", loss=reason, loss_other="使わない", risai_seen="yes")
    )
    seen = marked(form, page_of(pdf))
    assert seen["loss"] == {reason}
    assert ("risai_seen" in seen) == (reason == "burnt")
    assert ("使わない" in pdf_text(pdf)) == (reason == "other")


def test_the_police_number_is_asked_only_when_the_application_has_none() -> None:
    assert "police_no" not in state("funshitsu", sample("funshitsu")).relevant
    asked = state("funshitsu", sample("funshitsu", police_no_told=""))
    assert asked.missing == ("police_no",)
    late = sample("funshitsu", police="not_yet", police_no_told="")
    assert state("funshitsu", late).complete
    assert "小樽警察署" not in pdf_text(paper("funshitsu", late))


def test_the_day_of_the_loss_notice_is_asked_once() -> None:
    """The desk's day counts unless the visit corrects it; the clock of 30 days starts there."""
    told = state("funshitsu", sample("funshitsu"))
    assert "report_date" not in told.relevant
    assert told.values["notice_day"] == "2026-06-22"
    wrong = state("funshitsu", sample("funshitsu", filed_wrong="yes", report_date="2026-06-25"))
    assert wrong.values["notice_day"] == "2026-06-25"
    fresh = sample("funshitsu", filed_on="")
    assert state("funshitsu", fresh).missing == ("report_date",)
    today = fresh | {"report_date": TODAY.isoformat()}
    assert state("funshitsu", today).values["notice_day"] == TODAY.isoformat()
    assert "令和8年7月1日" in pdf_text(paper("funshitsu", today))
    ahead = state("funshitsu", fresh | {"report_date": date(2026, 7, 2).isoformat()})
    assert [name for name, _ in ahead.violations] == ["report_date"]


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        ("home", set()),
        ("outside", {"lost_where", "police"}),
        ("stolen", {"lost_where", "police"}),
        ("burnt", {"lost_where", "risai_seen"}),
    ],
)
def test_the_notification_card_lost_at_home_needs_the_story_only(
    loss: str, wanted: set[str]
) -> None:
    bare = dict.fromkeys(("lost_where", "police", "police_station", "police_no"), "")
    found = state("tsuchi_funshitsu", sample("tsuchi_funshitsu", loss=loss, **bare))
    assert set(found.missing) == wanted
    pdf = paper("tsuchi_funshitsu", sample("tsuchi_funshitsu", loss=loss))
    assert marked(load_form(FORMS, "tsuchi_funshitsu"), page_of(pdf))["loss"] == {loss}
    assert ("小樽警察署" in pdf_text(pdf)) == (loss in ("outside", "stolen"))
