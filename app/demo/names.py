"""Words of the simulated world. Townships are real; villages, firms and people are invented."""

from random import Random

Word = tuple[str, str]
"""A Chinese word and its pinyin, which lists sort by."""

TOWNSHIPS = {
    "130110": "铜冶镇 寺家庄镇 上庄镇 李村镇 宜安镇 大河镇",
    "130181": "旧城镇 张古庄镇 位伯镇 新垒头镇 南智邱镇 王口镇",
    "130229": "亮甲店镇 鸦鸿桥镇 窝洛沽镇 石臼窝镇 虹桥镇 林南仓镇",
    "130322": "靖安镇 安山镇 龙家店镇 泥井镇 朱各庄镇 荒佃庄镇",
    "130435": "安寨镇 侯村镇 河南疃镇 第四疃镇 白寨镇 南里岳镇",
    "130528": "河渠镇 北河庄镇 耿庄桥镇 东汪镇 贾家口镇 大陆村镇",
    "130632": "大王镇 三台镇 端村镇 同口镇 安州镇 老河头镇",
    "130682": "清风店镇 庞村镇 砖路镇 东亭镇 高蓬镇 李亲顾镇",
    "130683": "伍仁桥镇 石佛镇 郑章镇 大五女镇 西佛落镇 西城镇",
    "130722": "公会镇 二台镇 大囫囵镇 小二台镇 油篓沟镇 馒头营乡",
    "130825": "韩麻营镇 中关镇 七家镇 汤头沟镇 张三营镇 唐三营镇",
    "130929": "淮镇 郭庄镇 河城街镇 韩村镇 陌南镇 陈庄镇",
    "131023": "韩村镇 后奕镇 别古庄镇 里澜城镇 曹家务乡 龙虎庄乡",
    "131127": "龙华镇 广川镇 王瞳镇 安陵镇 杜桥镇 梁集镇",
}
"""Six townships of each demonstration pilot county, by county code."""

_SIDES: list[Word] = [
    ("东", "dong"),
    ("西", "xi"),
    ("南", "nan"),
    ("北", "bei"),
    ("前", "qian"),
    ("后", "hou"),
    ("大", "da"),
    ("小", "xiao"),
]
_FAMILIES: list[Word] = [
    ("王", "wang"),
    ("李", "li"),
    ("张", "zhang"),
    ("刘", "liu"),
    ("赵", "zhao"),
    ("马", "ma"),
    ("高", "gao"),
    ("孙", "sun"),
    ("杨", "yang"),
    ("郭", "guo"),
    ("宋", "song"),
    ("韩", "han"),
    ("董", "dong"),
    ("崔", "cui"),
]
_PLACES: list[Word] = [("庄村", "zhuangcun"), ("营村", "yingcun"), ("屯村", "tuncun")]
_GIVEN = (
    "建国", "秀英", "志强", "桂兰", "文革", "玉梅", "振华", "淑珍",
    "永军", "小霞", "宝山", "春燕", "立新", "凤莲", "海涛", "俊英",
)  # fmt: skip

POINT_TRADES: dict[str, tuple[Word, ...]] = {
    "农药经营者": (
        ("农资经营部", "nongzijingyingbu"),
        ("植保农资店", "zhibaonongzidian"),
        ("庄稼医院", "zhuangjiayiyuan"),
    ),
    "村委会": (("村民委员会", "cunminweiyuanhui"),),
    "种植大户/合作社": (
        ("种植专业合作社", "zhongzhizhuanyehezuoshe"),
        ("家庭农场", "jiatingnongchang"),
    ),
    "植保服务组织": (("植保服务队", "zhibaofuwudui"),),
}
"""What points of each `point_kind` call themselves."""

POINT_KINDS = (
    "农药经营者",
    "村委会",
    "农药经营者",
    "种植大户/合作社",
    "农药经营者",
    "农药经营者",
    "植保服务组织",
    "农药经营者",
    "村委会",
    "农药经营者",
    "种植大户/合作社",
    "农药经营者",
)
"""The kinds of a county's twelve points: most are shops, which may not refuse what they sold."""


def villages(rng: Random, count: int) -> list[Word]:
    """Return `count` village names, no two alike."""
    every = [
        (side[0] + family[0] + place[0], side[1] + family[1] + place[1])
        for side in _SIDES
        for family in _FAMILIES
        for place in _PLACES
    ]
    return rng.sample(every, count)


def person(rng: Random) -> str:
    """Return the name of an invented person."""
    return rng.choice(_FAMILIES)[0] + rng.choice(_GIVEN)
