"""A round as durable jobs: nothing that happened on the forge is missed for good."""

from dataclasses import dataclass

from bot.agent.service.desk import Desk, Outlook
from bot.agent.service.learning import Learning
from bot.agent.service.redelivering import Redelivering
from bot.agent.service.surveying import Surveying
from bot.domain import rounds
from bot.domain.jobs import JobContext, Json
from bot.domain.requests import ReconcileRequest, RoundScope, parse_request


@dataclass(frozen=True)
class ReconcileJob:
    """The handler of RECONCILE jobs."""

    desk: Desk
    outlook: Outlook

    def __call__(self, context: JobContext) -> Json:
        """Do the part of the round that the job is for."""
        request = parse_request(context.job)
        assert isinstance(request, ReconcileRequest)  # noqa: S101 - rounds pair them
        match request.scope:
            case RoundScope.DELIVERIES:
                return Redelivering(self.desk, self.outlook, context, request).run()
            case RoundScope.INSTALLATION:
                return Surveying(self.desk, self.outlook, context, request).run()
            case RoundScope.LEARNING:
                return Learning(self.desk, self.outlook, context).run()
            case RoundScope.PULLS:
                return context.step("installations", lambda: self._fan_out(request.period))

    def _fan_out(self, period: str) -> Json:
        """Give each installation a job of its own, so that one that fails keeps none waiting."""
        with self.outlook.as_app() as app:
            installations = app.installations()
        self.desk.jobs.submit(rounds.learning(period))
        for installation in installations:
            self.desk.jobs.submit(rounds.of_installation(period, installation))
        return {"installations": len(installations)}
