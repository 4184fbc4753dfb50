"""``scorecard.toml``: everything a company decides, nothing secret; read once, validated.

Which file: the one that ``SCORECARD_CONFIG`` names, else ``./scorecard.toml`` in the project's
folder, else, where the warehouse holds the demo company, the demo's own file, else the defaults.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import quote
from zoneinfo import ZoneInfo

import holidays
from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from data.addresses import (
    LEAD_ID,
    RECORD_ID,
    app_address,
    mail_sender,
    product_address,
    record_address,
)
from data.config_sources import Sources
from data.dimensions import DIMENSIONS as DIMENSIONS
from data.errors import ConfigError, unknown
from data.roles import ROLES
from data.sign_in_config import SignIn
from data.zones import known_zones

PROJECT_DIR = Path(__file__).resolve().parent.parent
DEMO_CONFIG = Path(__file__).resolve().parent / "demo" / "scorecard.toml"

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MODELS = (
    "first_touch",
    "last_touch",
    "linear",
    "time_decay",
    "position_40_20_40",
    "u_50_50",
    "w_30_30_30_10",
    "full_path_22_5",
    "custom",
    "markov",
    "shapley",
)
# Where in a journey a touch can stand (metrics/attribution/model.py says what each means).
CUSTOM_POSITIONS = ("first", "lead", "opportunity", "close", "middle")
FACTS = ("has_budget", "has_authority", "has_timeline", "has_interest")
CONVERSION_DAYS = {
    "lead_to_mql": 30,
    "mql_to_sal": 14,
    "mql_to_sql": 30,
    "sql_to_opportunity": 30,
    "mql_to_customer": 180,
    "lead_to_customer": 180,
}


def _zone(name: str) -> str:
    if name not in known_zones():
        raise ValueError(unknown("time zone", name, known_zones()))
    return name


def _zone_or_rep(name: str) -> str:
    return name if name == "rep" else _zone(name)


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code!r} is not an ISO 4217 currency code such as 'USD' or 'EUR'")
    return code


def _locale(name: str) -> str:
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(f"{name!r} is not a locale such as 'en_US' or 'de_DE'") from error
    return name


def _weekday(name: str) -> str:
    if name not in WEEKDAYS:
        raise ValueError(unknown("weekday", name, WEEKDAYS))
    return name


def _clock(text: str) -> str:
    try:
        time.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time of day such as '09:00'") from error
    return text


def _holiday_country(code: str) -> str:
    countries = holidays.list_supported_countries()
    if code and code not in countries:
        raise ValueError(unknown("country of holidays", code, countries))
    return code


def _model(name: str) -> str:
    if name not in MODELS:
        raise ValueError(unknown("attribution model", name, MODELS))
    return name


def _fact(name: str) -> str:
    if name not in FACTS:
        raise ValueError(unknown("qualification fact", name, FACTS))
    return name


def _custom_weights(weights: dict[str, float]) -> dict[str, float]:
    for name in weights:
        if name not in CUSTOM_POSITIONS:
            raise ValueError(unknown("position", name, CUSTOM_POSITIONS))
    if not any(weights.values()):
        raise ValueError("at least one position needs a weight above 0")
    return weights


def _role(name: str) -> str:
    if name not in ROLES:
        raise ValueError(unknown("role", name, ROLES))
    return name


Zone = Annotated[str, AfterValidator(_zone)]
Days = Annotated[int, Field(ge=1, le=3650)]
Weight = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Hours = Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(Section):
    name: str = "Our company"
    currency: Annotated[str, AfterValidator(_currency)] = "USD"
    locale: Annotated[str, AfterValidator(_locale)] = "en_US"
    timezone: Zone = "UTC"
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)] = 1

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class BusinessHours(Section):
    days: Annotated[tuple[Annotated[str, AfterValidator(_weekday)], ...], Field(min_length=1)] = (
        WEEKDAYS[:5]
    )
    opens: Annotated[str, AfterValidator(_clock)] = "09:00"
    closes: Annotated[str, AfterValidator(_clock)] = "17:00"
    timezone: Annotated[str, AfterValidator(_zone_or_rep)] = "rep"
    holidays: Annotated[str, AfterValidator(_holiday_country)] = ""


class Sla(Section):
    response_hours: dict[str, Hours] = {"default": 24.0}
    fit_reasons: tuple[str, ...] = ("not_a_fit", "student", "competitor")

    def target_hours(self, priority: str | None) -> float:
        """Response target in business hours; a priority not listed has the default's 24 h."""
        default = self.response_hours.get("default", 24.0)
        return default if priority is None else self.response_hours.get(priority, default)


class Attribution(Section):
    model: Annotated[str, AfterValidator(_model)] = "w_30_30_30_10"
    lookback_days: Days = 365
    half_life_days: Annotated[float, Field(gt=0, le=3650, allow_inf_nan=False)] = 7.0
    custom: Annotated[dict[str, Weight], AfterValidator(_custom_weights)] = dict.fromkeys(
        CUSTOM_POSITIONS, 20.0
    )


class Mql(Section):
    score_at_least: float | None = None
    required_facts: tuple[Annotated[str, AfterValidator(_fact)], ...] = ()
    # Rules by source, as leads.channel names it.
    never_from: tuple[str, ...] = ()
    without_score: tuple[str, ...] = ()

    @property
    def agreed_facts(self) -> tuple[str, ...]:
        """What must be known of a complete MQL: the required facts, where none are named all."""
        return self.required_facts or FACTS


class Links(Section):
    """Where records are found in other systems, and where the app itself is."""

    lead: Annotated[str, AfterValidator(record_address)] | None = None
    # By product, as system_records names it.
    records: dict[str, Annotated[str, AfterValidator(product_address)]] = Field(
        default_factory=dict
    )
    app_url: Annotated[str, AfterValidator(app_address)] | None = None

    def lead_record(self, lead_id: str) -> str | None:
        """The address of a lead's record in the CRM, the id percent-encoded; None without one."""
        return None if self.lead is None else self.lead.replace(LEAD_ID, quote(lead_id, safe=""))

    def system_record(self, product: str | None, record_id: str) -> str | None:
        """The address of a record in its own system, the id percent-encoded; None without one."""
        pattern = self.records.get(product or "")
        return None if pattern is None else pattern.replace(RECORD_ID, quote(record_id, safe=""))


class Mail(Section):
    """The server that the digest is sent through; a user's password is in the environment."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    sender: Annotated[str, AfterValidator(mail_sender)] = ""
    user: str = ""
    starttls: bool = True


class Scorecard(Section):
    """Which KPIs stand on the scorecard; an empty list means the handbook's default."""

    goals: tuple[str, ...] = ()
    marketing: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    sales: tuple[str, ...] = ()


class Privacy(Section):
    """Which roles may read the names and e-mail addresses of leads."""

    names_for: tuple[Annotated[str, AfterValidator(_role)], ...] = (
        "editor_marketing",
        "editor_sales",
        "admin",
    )


class Config(Section):
    company: Company = Company()
    conversion_days: dict[str, Days] = CONVERSION_DAYS
    business_hours: BusinessHours = BusinessHours()
    sla: Sla = Sla()
    attribution: Attribution = Attribution()
    mql: Mql = Mql()
    scorecard: Scorecard = Scorecard()
    links: Links = Links()
    mail: Mail = Mail()
    privacy: Privacy = Privacy()
    sources: Sources = Sources()
    sign_in: SignIn = SignIn()

    def window_days(self, metric_id: str) -> int:
        """The conversion window of a cohort KPI in days."""
        return self.conversion_days.get(metric_id, CONVERSION_DAYS.get(metric_id, 30))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Config:
        """A copy with other values, which has forgotten what was derived from the old ones."""
        copied = super().model_copy(update=update, deep=deep)
        for name in list(copied.__dict__):
            if isinstance(getattr(Config, name, None), cached_property):
                del copied.__dict__[name]
        return copied

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that the configuration says."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @cached_property
    def clock_hash(self) -> str:
        """Hash of all that the derived business-time tables depend on."""
        parts = {
            "hours": self.business_hours.model_dump(mode="json"),
            "sla": self.sla.model_dump(mode="json", include={"response_hours"}),
            "zone": self.company.timezone,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _checked(config: Config, where: str) -> Config:
    hours = config.business_hours
    if time.fromisoformat(hours.opens) == time.fromisoformat(hours.closes):
        raise ConfigError(
            f"{where}: business_hours.opens and closes are both {hours.opens}, "
            "which leaves no business hours.",
            remedy="Give the day a length, for instance opens = '09:00', closes = '17:00'.",
        )
    for metric in config.conversion_days:
        if metric not in CONVERSION_DAYS:
            raise ConfigError(
                f"{where}: conversion_days: {unknown('conversion', metric, CONVERSION_DAYS)}"
            )
    if config.sign_in.takes_sso and not config.sign_in.groups:
        raise ConfigError(
            f"{where}: sign_in.method is {config.sign_in.method!r}, and no group may sign in.",
            remedy="Say under [sign_in.groups] which groups have which role.",
        )
    return config


def _explain(detail: ErrorDetails, data: dict[str, Any]) -> str:
    path = [part for part in detail["loc"] if isinstance(part, str)]
    name = ".".join(path)
    if detail["type"] == "extra_forbidden":
        model: Any = Config
        for part in path[:-1]:
            # A table with names of the company's own, such as [sign_in.groups], is a dict.
            field = get_args(model)[1] if get_origin(model) is dict else model.model_fields[part]
            model = getattr(field, "annotation", field)
        return (
            f"{'.'.join(path[:-1]) or 'top level'}: {unknown('key', path[-1], model.model_fields)}"
        )
    if detail["type"] == "value_error":
        return f"{name}: {detail['ctx']['error']}"
    return f"{name}: {detail['msg']} (got {detail['input']!r})."


def parse_config(text: str, *, where: str = "scorecard.toml") -> Config:
    """Parse and validate TOML text.

    Raises ``ConfigError`` with every problem and, for unknown names, the nearest valid one.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}.") from error
    try:
        return _checked(Config.model_validate(data), where)
    except ValidationError as error:
        problems = "; ".join(_explain(detail, data) for detail in error.errors())
        raise ConfigError(f"{where}: {problems}") from error


def read_config(path: Path) -> Config:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"The configuration file {path} does not exist.",
            remedy="Create it, or unset SCORECARD_CONFIG.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration file {path} cannot be read: {error}.") from error
    return parse_config(text, where=path.name)


def load_config(*, demo: bool) -> Config:
    """The company's configuration; ``demo`` says whether the warehouse holds the demo company."""
    named = os.environ.get("SCORECARD_CONFIG")
    if named:
        return read_config(Path(named))
    own = PROJECT_DIR / "scorecard.toml"
    if own.exists():
        return read_config(own)
    return read_config(DEMO_CONFIG) if demo else Config()
