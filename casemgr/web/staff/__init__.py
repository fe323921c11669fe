"""工作人员页面: one blueprint for each noun, listed in :mod:`casemgr.web.door`."""
