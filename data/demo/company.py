"""Who and what Northwind Analytics is: channels, markets, people. Made up, every name of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Channel:
    """One channel. Rates are factors on the company's mean; costs are USD."""

    name: str | None
    share: float  # of leads
    mql: float  # odds of becoming an MQL
    sql: float  # odds of an MQL becoming an SQL
    win: float = 1.0
    deal: float = 1.0  # deal size
    lag_days: float = 3.0  # median, lead → MQL
    cost_per_lead: float = 0.0
    sourced_by: str | None = "marketing"
    kind: str = "form"  # of the first touch
    campaigns: bool = True


# A channel that the CRM does not hold (None) is not the one that a person typed as "unknown".
CHANNELS = (
    Channel("paid_search", 0.170, 1.10, 1.05, 1.0, 1.0, 1.5, 62.0),
    Channel("organic_search", 0.165, 1.05, 1.15, 1.05, 1.0, 2.5, 9.0, campaigns=False),
    Channel("webinar", 0.110, 1.25, 1.00, 1.0, 1.1, 5.0, 34.0, kind="event"),
    Channel("content_syndication", 0.100, 0.85, 0.36, 0.7, 0.9, 9.0, 118.0, kind="content"),
    Channel("paid_social", 0.090, 0.75, 0.70, 0.85, 0.85, 6.0, 48.0),
    Channel("email", 0.080, 1.00, 1.00, 1.0, 1.0, 4.0, 6.0),
    Channel("outbound", 0.070, 0.90, 1.15, 0.95, 1.25, 8.0, 0.0, "sdr", "email", campaigns=False),
    Channel("podcast", 0.060, 1.00, 1.10, 1.6, 2.8, 12.0, 55.0, kind="web"),
    Channel("partner", 0.050, 1.30, 1.50, 1.25, 1.2, 3.0, 20.0, "partner", campaigns=False),
    Channel("referral", 0.045, 1.45, 1.70, 1.4, 1.1, 1.5, 0.0, "success", campaigns=False),
    Channel("event", 0.025, 1.00, 0.90, 1.0, 1.1, 5.0, 130.0, kind="event"),
    Channel("unknown", 0.020, 0.60, 0.70, sourced_by=None, kind="web", campaigns=False),
    Channel(None, 0.015, 0.70, 0.80, sourced_by="self_serve", campaigns=False),
    # Only the show itself (stories.py) brings leads through this one.
    Channel("trade_show", 0.0, 1.00, 1.00, 0.9, 1.0, 5.0, 0.0, kind="event"),
)
CHANNEL_NAMES = [channel.name for channel in CHANNELS]

REGIONS = ("AMER", "EMEA", "APAC", "LATAM")
REGION_SHARES = [0.46, 0.31, 0.14, 0.09]
CURRENCIES = ("USD", "EUR", "AUD", "USD")
USD_PER = (1.0, 1.08, 0.66, 1.0)  # one unit of the currency, as [sources.rates] has it
SEGMENTS = ("smb", "mid_market", "enterprise")
SEGMENT_SHARES = [0.50, 0.34, 0.16]
SEGMENT_DEAL_USD = (19_000.0, 56_000.0, 150_000.0)  # median new deal
SEGMENT_CYCLE_DAYS = (47.0, 66.0, 92.0)  # median, won
SEGMENT_EMPLOYEES = (60, 600, 6_000)
PERSONAS = ("marketing_ops", "revenue_ops", "sales_leader", "marketing_leader", "finance")
PERSONA_SHARES = [0.28, 0.24, 0.20, 0.18, 0.10]
PRODUCTS = ("Insight", "Pipeline", "Signal")
PRODUCT_SHARES = [0.48, 0.34, 0.18]
INDUSTRIES = (
    "software", "manufacturing", "financial_services", "healthcare", "retail", "logistics",
    "media", "education",
)  # fmt: skip
STAGE_NAMES = ("discovery", "evaluation", "proposal", "negotiation", "closed_won", "closed_lost")
LOSS_REASONS = ("no_decision", "price", "competitor", "missing_feature", "timing", "lost_champion")
LOSS_SHARES = [0.32, 0.22, 0.18, 0.12, 0.10, 0.06]
REJECT_REASONS = ("not_a_fit", "no_budget", "no_authority", "bad_data", "student", "competitor")
REJECT_SHARES = [0.38, 0.22, 0.14, 0.14, 0.07, 0.05]
CONTACT_ROLES = ("champion", "decision_maker", "influencer", "evaluator")

ZONES = (
    "America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London",
    "Europe/Berlin", "Asia/Singapore", "Australia/Sydney", "America/Sao_Paulo",
)  # fmt: skip
REGION_ZONES = ((0, 0, 1, 2), (3, 3, 4, 4), (5, 5, 6, 6), (7, 7, 7, 7))

FIRST_NAMES = (
    "Ada", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Keiko",
    "Liam", "Maya", "Nils", "Olivia", "Pavel", "Quinn", "Rosa", "Samir", "Tara", "Umar", "Vera",
    "Wen", "Ximena", "Yusuf", "Zoe", "Amara", "Bruno", "Chloe", "Diego", "Emeka", "Freya",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Bergman", "Castell", "Dunmore", "Ekwall", "Farrow", "Gallow", "Hartwell", "Ibarra",
    "Jansson", "Kessler", "Lindqvist", "Marlowe", "Norwood", "Okonjo", "Pereira", "Quist",
    "Ravel", "Sandoval", "Thorne", "Ueda", "Vasquez", "Whitlock", "Yamato", "Zeller", "Ashby",
    "Brandt", "Corrigan", "Delacroix", "Eastman", "Fontaine", "Greaves", "Holloway",
)  # fmt: skip
COMPANY_FIRST = (
    "Harbor", "Granite", "Silver", "North", "Bright", "Cedar", "Summit", "River", "Amber", "Stone",
    "Clear", "Iron", "Maple", "Falcon", "Copper", "Blue", "Prairie", "Quartz", "Ember", "Lumen",
    "Vertex", "Anchor", "Willow", "Cobalt", "Crest", "Orchid", "Pioneer", "Delta", "Mosaic",
    "Tidal", "Aspen", "Beacon",
)  # fmt: skip
COMPANY_SECOND = (
    "line", "field", "gate", "works", "bridge", "point", "ridge", "path", "forge", "view", "mark",
    "wave", "stead", "port", "light", "crest", "brook", "dale", "haven", "grid", "loop", "peak",
    "nest",
)  # fmt: skip
COMPANY_SUFFIX = ("Systems", "Group", "Labs", "Industries", "Software", "Partners", "Logistics",
                  "Health", "Retail")  # fmt: skip


@dataclass(frozen=True)
class Rep:
    """One person of the company; ``zone`` and ``region`` are indices into the lists above."""

    number: int
    team: str
    role: str
    region: int
    zone: int
    manager: int | None = None

    @property
    def name(self) -> str:
        first = FIRST_NAMES[(self.number * 5 + 3) % len(FIRST_NAMES)]
        return f"{first} {LAST_NAMES[(self.number * 7 + 4) % len(LAST_NAMES)]}"


def _hired() -> tuple[Rep, ...]:
    """Managers first, then SDRs and account executives by region, then the other teams."""
    people: list[Rep] = []

    def hire(team: str, role: str, region: int, zone: int, manager: int | None = None) -> int:
        people.append(Rep(len(people), team, role, region, zone, manager))
        return len(people) - 1

    head = hire("sales", "sales_leader", 0, 0)
    leads = [hire("sales", "manager", r, REGION_ZONES[r][0], head) for r in range(len(REGIONS))]
    desk = hire("sales", "sdr_manager", 0, 0, head)
    marketer = hire("marketing", "marketing_leader", 0, 0)
    for region, size in enumerate((5, 4, 2, 2)):
        for place in range(size):
            hire("sales", "sdr", region, REGION_ZONES[region][place % 4], desk)
    for region, size in enumerate((11, 7, 4, 2)):
        for place in range(size):
            hire("sales", "account_executive", region, REGION_ZONES[region][place % 4],
                 leads[region])  # fmt: skip
    for place in range(6):
        hire("marketing", "marketer", place % 2, REGION_ZONES[place % 2][0], marketer)
    for team, size in (("partner", 3), ("success", 4)):
        for place in range(size):
            hire(team, f"{team}_manager", place % 4, REGION_ZONES[place % 4][0])
    return tuple(people)


REPS = _hired()
SDRS = [[p.number for p in REPS if p.role == "sdr" and p.region == r] for r in range(4)]
EXECUTIVES = [
    [p.number for p in REPS if p.role == "account_executive" and p.region == r] for r in range(4)
]
MARKETER = next(p.number for p in REPS if p.role == "marketer")
LEAVER = SDRS[REGIONS.index("EMEA")][0]  # leaves at the start of the slipping fortnight
# Who was away: rep, first day in days before the end, length in days.
LEAVES = (
    (SDRS[0][1], 420, 70),
    (SDRS[1][2], 250, 28),
    (SDRS[0][3], 130, 21),
    (EXECUTIVES[0][2], 330, 84),
    (EXECUTIVES[1][4], 180, 42),
    (EXECUTIVES[2][1], 60, 21),
)
