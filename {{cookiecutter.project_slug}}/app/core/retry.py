"""How often and how patiently a failing event handler is tried again."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter. Times are seconds.

    `timeout` bounds one attempt. Retries go on until `give_up_after` since the first failure, or until there were
    `max_attempts`; then the delivery is a dead letter. `max_crashes`: how many attempts that run alone may end with
    their process before the delivery is a dead letter.
    """

    first_delay: float = 0.5
    max_delay: float = 3600.0
    give_up_after: float = 86_400.0
    max_attempts: int | None = None
    max_crashes: int = 3
    timeout: float = 30.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures: doubled each time, 80 to 120 % of it at random."""
        return min(self.max_delay, self.first_delay * 2.0 ** min(failures - 1, 60)) * random.uniform(0.8, 1.2)
