"""The app's own writable database: what people write in the app, beginning with their accounts.

``STATE_URL`` names it; unset, it is the SQLite file ``.scorecard/state.sqlite``. It is brought to
this program's version when it is opened.
"""

from data.state.agreement_models import (
    AgreementSignature,
    AgreementVersion,
    AgreementWithdrawal,
    TargetVersion,
)
from data.state.load_models import LoadAttempt
from data.state.memory_models import (
    ActionVersion,
    CommentVersion,
    DecisionVersion,
    DisputeRecord,
    RaisedDispute,
    SettledDispute,
)
from data.state.models import (
    AuditEvent,
    Base,
    Baseline,
    DefinitionVersion,
    SavedView,
    ShortLink,
    SignInFailure,
    StartView,
    User,
)
from data.state.review_models import Review, ReviewFigure, ReviewPlan, ReviewSnapshot
from data.state.sso_models import SsoSignIn
from data.state.store import StateStore, close_state, has_state, open_state, state_url

__all__ = [
    "ActionVersion",
    "AgreementSignature",
    "AgreementVersion",
    "AgreementWithdrawal",
    "AuditEvent",
    "Base",
    "Baseline",
    "CommentVersion",
    "DecisionVersion",
    "DefinitionVersion",
    "DisputeRecord",
    "LoadAttempt",
    "RaisedDispute",
    "Review",
    "ReviewFigure",
    "ReviewPlan",
    "ReviewSnapshot",
    "SavedView",
    "SettledDispute",
    "ShortLink",
    "SignInFailure",
    "SsoSignIn",
    "StartView",
    "StateStore",
    "TargetVersion",
    "User",
    "close_state",
    "has_state",
    "open_state",
    "state_url",
]
