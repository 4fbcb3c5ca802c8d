"""Every metric of the console's own; consumers, relay and HTTP have theirs."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

JOB_RUNS: Final = Declared(
    "loyalty_console_job_runs_total",
    Kind.COUNTER,
    "Attempts at runs of jobs by what they came to: done, failed, or queued to be tried again",
    "failed rises: GET jobs/{name}/runs?status=failed says why; put that right and start the job by hand",
    ("job", "status"),
)
SIGN_INS: Final = Declared(
    "loyalty_console_sign_ins_total",
    Kind.COUNTER,
    "Attempts to sign in by what they came to: opened, session-refused, session-locked",
    "Many refused or locked in a short time: somebody guesses passwords; GET audit?action=operator.locked says whose and from where",
    ("outcome",),
)

CONSOLE_METRICS: Final = (JOB_RUNS, SIGN_INS)
