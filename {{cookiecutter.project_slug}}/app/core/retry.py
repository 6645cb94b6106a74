"""How often and how patiently a failing handler is tried again."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter. Times are seconds; `timeout` bounds one attempt.

    `crashes`: how many deliveries of one event in a row may end with their process before it is given up.
    """

    attempts: int = 5
    crashes: int = 10
    first_delay: float = 0.2
    max_delay: float = 30.0
    timeout: float = 30.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures: doubled each time, of which 50 to 100 % at random."""
        return min(self.max_delay, self.first_delay * 2.0 ** min(failures - 1, 60)) * random.uniform(0.5, 1.0)
