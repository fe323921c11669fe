"""casemgr, 严重精神障碍患者管理: register, worklist, rates and reports for community mental-health teams.

This module imports nothing, so that ``python3 -m casemgr`` works on a bare Python; the application
factory lives in :mod:`casemgr.app`.
"""

__version__ = "0.1.0"
