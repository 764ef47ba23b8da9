"""Where simulated companies are registered."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A county-level division (GB/T 2260, six digits) and the city that its companies have in their names."""

    division: str
    city: str


PLACES = tuple(
    Place(*text.split())
    for text in (  # noqa: SIM905 - a table reads better as text
        "110105 北京|110108 北京|120104 天津|130102 石家庄|140105 太原|150102 呼和浩特|210102 沈阳|"
        "220102 长春|230102 哈尔滨|310104 上海|310115 上海|320102 南京|320505 苏州|330106 杭州|330205 宁波|"
        "340104 合肥|350203 厦门|360102 南昌|370102 济南|370202 青岛|410105 郑州|420106 武汉|430104 长沙|"
        "440106 广州|440305 深圳|440604 佛山|450103 南宁|460105 海口|500103 重庆|510104 成都|510107 成都|"
        "520103 贵阳|530102 昆明|540102 拉萨|610113 西安|620102 兰州|630103 西宁|640104 银川|650102 乌鲁木齐"
    ).split("|")
)
