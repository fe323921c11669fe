"""数: what is counted, and why a person did or did not count; pure, facts in and figures out.

Modules that compute import polars (0.3 s); ``period``, ``figure``, ``catalogue``, ``editions`` and
``small_cells`` do not, so a page that only shows closed figures stays light.
"""
