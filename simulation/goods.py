"""What simulated producers make, and how shops name it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of goods: its name, its prices (fen), and which licence, if any, making it requires."""

    name: str
    trade: str
    items: tuple[str, ...]
    units: tuple[str, ...]
    price_fen: tuple[int, int]
    licence_scheme: str | None = None
    perishable: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CATEGORIES = (
    Category(
        "food",
        "食品",
        _words("明前龙井茶 手撕牛肉干 五常大米 原味酸奶 婴幼儿米粉 藕粉 黄山烧饼 冻干草莓 山核桃仁 土蜂蜜 老陈醋"),
        _words("250g 500g*2袋 1kg 礼盒装 10包"),
        (990, 29900),
        "SC",
        perishable=True,
    ),
    Category(
        "cosmetics",
        "化妆品",
        _words("补水面膜 氨基酸洁面乳 玻尿酸精华 防晒霜 保湿乳液 口红 护手霜"),
        _words("30ml 50g 5片装 100ml"),
        (1990, 59900),
        "妆",
        perishable=True,
    ),
    Category(
        "appliance",
        "电器",
        _words("破壁机 空气炸锅 电热水壶 落地扇 加湿器 电吹风 电饭煲"),
        _words("1.7L 3L 1800W 静音款"),
        (5900, 129900),
    ),
    Category(
        "toys",
        "玩具",
        _words("磁力片 拼装积木 毛绒熊 遥控车 沙滩玩具 早教机 橡皮泥"),
        _words("100片 大号 12色 3岁以上"),
        (1500, 39900),
    ),
    Category(
        "textile",
        "服饰",
        _words("儿童羽绒服 纯棉四件套 真丝围巾 羊毛衫 速干T恤 婴儿连体衣"),
        _words("均码 1.8m床 加厚 M-XXL"),
        (2900, 89900),
    ),
    Category(
        "cable",
        "线缆",
        _words("家装电线 五孔插座 排插 数据线 LED灯带"),
        _words("2.5平方 100米 5米 1.8米线"),
        (900, 32900),
        "XK",
    ),
)

BRANDS = _words("西湖 江南 恒源 瑞丰 德盛 鸿运 天成 佳和 百年 青禾 云岭 海之源 金穗 一品 康宁 小鹿 童趣 美润 雅诗 华美")
SELLER_TRADES = _words("商贸 电子商务 贸易 网络科技 供应链管理 百货")
TITLE_HEADS = ("【官方旗舰店】", "【正品保证】", "2026新款 ", "热卖 ", "产地直发 ", "", "")
TITLE_TAILS = (" 包邮", " 顺丰发货", " 买二送一", " 家用", " 送礼", "", "")
FAILED_ITEMS = _words("菌落总数 过氧化值 甲醛含量 邻苯二甲酸酯 电气强度 标签 防腐剂 重金属铅 色牢度")
GROUNDS = _words("虚假宣传 销售不合格产品 无证生产 未履行进货查验义务 价格欺诈")
COMPLAINT_CATEGORIES = _words("quality safety false_advertising after_sale counterfeit")


def title_of(rng: Random, name: str, unit: str) -> str:
    """A shop's title for a product: shops shout."""
    return f"{rng.choice(TITLE_HEADS)}{name} {unit}{rng.choice(TITLE_TAILS)}"
