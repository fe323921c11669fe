"""账号: roles of the people who sign in."""

from casemgr.terms.code import Term


class Role(Term):
    """角色."""

    TOWNSHIP_DOCTOR = 1, "精防医生"
    COUNTY_OFFICER = 2, "县级管理员"
    ADMINISTRATOR = 3, "系统管理员"
    VILLAGE_DOCTOR = 4, "村医"
    UNIT_HEAD = 5, "单位负责人"
    HEALTH_BUREAU = 6, "卫生健康行政部门"
    CITY_OFFICER = 7, "市级管理员"
    HOSPITAL = 8, "收治医院"
    SYSTEM = 9, "系统任务"
    REHAB_BODY = 10, "康复机构"
    POLICE = 11, "公安联络员"
    CIVIL_AFFAIRS = 12, "民政联络员"
    DISABLED_FEDERATION = 13, "残联联络员"
    POLITICAL_LEGAL = 14, "综治联络员"
    SECURITY_ADMINISTRATOR = 15, "安全管理员"
    AUDIT_ADMINISTRATOR = 16, "审计管理员"
