"""The service's own gunicorn settings, but for those that the variable CHANGED names, as JSON.

See `python -m benchmarks --settings`.
"""

import json
import os
import runpy

_own = runpy.run_path("gunicorn.conf.py")
globals().update({name: value for name, value in _own.items() if not name.startswith("__")})
globals().update(json.loads(os.environ["CHANGED"]))
