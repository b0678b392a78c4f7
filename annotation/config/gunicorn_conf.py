"""How gunicorn serves the web process; read by `up` and by the containers.

Threads rather than an event loop: for pages that wait on PostgreSQL this measured
three to four times faster than ASGI.
"""

from annotation.config import env

bind = f"{env.text('HOST', '127.0.0.1')}:{env.integer('PORT', 8000, low=0, high=65535)}"
worker_class = "gthread"
workers = env.integer("WEB_PROCESSES", 2, low=1, high=256)
threads = env.integer("WEB_THREADS", 8, low=1, high=256)
# A guard against slow leaks; rare enough that reloading costs nothing measurable.
max_requests = 20_000
max_requests_jitter = 2_000
timeout = 60
graceful_timeout = 15
keepalive = 5
accesslog = None
preload_app = False
control_socket_disable = True
