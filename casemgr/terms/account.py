"""账号: roles of the people who sign in."""

from casemgr.terms.code import Term


class Role(Term):
    """角色."""

    TOWNSHIP_DOCTOR = 1, "精防医生"
    COUNTY_OFFICER = 2, "县级管理员"
    ADMINISTRATOR = 3, "系统管理员"
    SYSTEM = 9, "系统任务"
