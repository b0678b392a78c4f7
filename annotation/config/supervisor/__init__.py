"""Start, watch and stop PostgreSQL, Valkey and Polyphony's own processes.

Called by manage.py before Django's settings load and by the test suite; the only
package that knows the two wheels which carry the servers.
"""

from annotation.config.supervisor.processes import SupervisorError
from annotation.config.supervisor.services import EmbeddedServices

__all__ = ["EmbeddedServices", "SupervisorError"]
