"""scorecard.toml: defaults, what each key accepts, and what a mistake is answered with."""

from __future__ import annotations

import pytest

import data.config
from data.config import DEMO_CONFIG, Attribution, Config, load_config, parse_config
from data.errors import ConfigError


def test_without_a_file_there_are_the_contract_s_defaults():
    config = Config()
    assert config.company.timezone == "UTC"
    assert config.company.fiscal_year_starts == 1
    assert config.business_hours.holidays == ""
    assert config.sla.target_hours("P1") == 24
    assert config.sla.target_hours(None) == 24
    assert config.window_days("mql_to_sql") == 30
    assert config.window_days("mql_to_sal") == 14
    assert config.window_days("mql_to_customer") == 180


def test_the_demo_s_file_is_the_contract_s_example():
    config = load_config(demo=True)
    assert config.company.name == "Northwind Analytics"
    assert config.company.timezone == "America/New_York"
    assert config.business_hours.days == ("mon", "tue", "wed", "thu", "fri")
    assert config.business_hours.holidays == "US"
    assert [config.sla.target_hours(p) for p in ("P1", "P2", "P3", None)] == [1, 4, 24, 24]
    assert config.attribution.model == "w_30_30_30_10"
    assert DEMO_CONFIG.exists()


def test_a_given_table_replaces_its_whole_default():
    config = parse_config("[sla.response_hours]\nP9 = 2\n")
    assert config.sla.response_hours == {"P9": 2.0}
    # Even without a "default" key, the rest has a day.
    assert config.sla.target_hours("P1") == 24


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[compani]\nname = 'x'", "unknown key 'compani'. Nearest: 'company'"),
        ("[company]\ntimzone = 'UTC'", "company: unknown key 'timzone'. Nearest: 'timezone'"),
        ("[company]\ntimezone = 'America/NewYork'", "Nearest: 'America/New_York'"),
        ("[company]\ncurrency = 'EURO'", "not an ISO 4217 currency code"),
        ("[company]\nlocale = 'english'", "not a locale"),
        ("[company]\nfiscal_year_starts = 13", "less than or equal to 12"),
        ("[conversion_days]\nmql_to_sq = 30", "Nearest: 'mql_to_sql'"),
        ("[conversion_days]\nmql_to_sql = 0", "greater than or equal to 1"),
        ("[business_hours]\ndays = ['mon', 'tus']", "unknown weekday 'tus'"),
        ("[business_hours]\ndays = []", "at least 1 item"),
        ("[business_hours]\nopens = '25:00'", "not a time of day"),
        ("[business_hours]\nopens = '09:00'\ncloses = '09:00'", "leaves no business hours"),
        ("[business_hours]\ntimezone = 'reps'", "unknown time zone 'reps'"),
        ("[business_hours]\nholidays = 'USX'", "unknown country of holidays 'USX'"),
        ("[sla.response_hours]\nP1 = -1", "greater than 0"),
        ("[sla.response_hours]\nP1 = nan", "sla.response_hours.P1"),
        ("[attribution]\nmodel = 'last'", "Nearest: 'last_touch'"),
        ("[attribution.custom]\nfirts = 1", "unknown position 'firts'. Nearest: 'first'"),
        ("[attribution.custom]\nfirst = -1", "greater than or equal to 0"),
        ("[attribution.custom]\nfirst = 0", "at least one position needs a weight above 0"),
        ("[mql]\nrequired_facts = ['has_money']", "unknown qualification fact 'has_money'"),
        ("[company", "not valid TOML"),
        ("company = 3", "company"),
    ],
)
def test_a_mistake_names_the_key_and_the_nearest_valid_name(text: str, words: str):
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    assert words in str(caught.value)
    assert "scorecard.toml" in str(caught.value)


def test_every_mistake_is_named_at_once():
    with pytest.raises(ConfigError) as caught:
        parse_config("[company]\ntimzone = 'UTC'\ncurrency = 'EURO'\n")
    assert "timzone" in str(caught.value)
    assert "EURO" in str(caught.value)


def test_which_file_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(data.config, "PROJECT_DIR", tmp_path)
    assert load_config(demo=False) == Config()
    assert load_config(demo=True).company.name == "Northwind Analytics"
    (tmp_path / "scorecard.toml").write_text("[company]\nname = 'Mine'\n")
    assert load_config(demo=True).company.name == "Mine"
    named = tmp_path / "other.toml"
    named.write_text("\ufeff[company]\nname = 'Named'\n", encoding="utf-8")
    monkeypatch.setenv("SCORECARD_CONFIG", str(named))
    assert load_config(demo=True).company.name == "Named"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_named_file_that_cannot_be_read_says_so(tmp_path, monkeypatch, content):
    named = tmp_path / "named.toml"
    if content is not None:
        named.write_bytes(content)
    monkeypatch.setenv("SCORECARD_CONFIG", str(named))
    with pytest.raises(ConfigError, match=r"named\.toml"):
        load_config(demo=False)


def test_the_clock_depends_on_hours_targets_and_zone_alone():
    plain = Config().clock_hash
    assert parse_config("[company]\nname = 'x'\n").clock_hash == plain
    for text in (
        "[company]\ntimezone = 'Asia/Tokyo'\n",
        "[business_hours]\ncloses = '18:00'\n",
        "[sla.response_hours]\nP1 = 1\n",
    ):
        assert parse_config(text).clock_hash != plain
    assert parse_config("[company]\nname = 'x'\n").fingerprint != Config().fingerprint


def test_only_what_the_clock_depends_on_makes_it_stale():
    clock = parse_config("").clock_hash
    assert parse_config('[sla]\nfit_reasons = ["spam"]').clock_hash == clock
    assert parse_config("[sla.response_hours]\nP1 = 1").clock_hash != clock


def test_the_agreed_facts_are_the_required_ones_else_all():
    assert len(parse_config("").mql.agreed_facts) == 4
    some = parse_config('[mql]\nrequired_facts = ["has_budget"]')
    assert some.mql.agreed_facts == ("has_budget",)


def test_a_copy_with_other_values_is_another_configuration():
    plain = Config()
    before = plain.fingerprint, plain.clock_hash  # known before the copy is made
    other = plain.model_copy(update={"attribution": Attribution(model="first_touch")})
    assert other.fingerprint != before[0]
    assert other.clock_hash == before[1]
    assert plain.model_copy().fingerprint == before[0]
