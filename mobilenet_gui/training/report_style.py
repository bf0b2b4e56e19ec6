"""Owns how a report looks: the design's colours, light and dark, for the screen and for paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--bg:#f6f7f9;--panel:#fff;--line:#e3e6eb;--track:#e9ebf0;--text:#15171c;--text2:#525965;
--text3:#626976;--accent:#3454e0;--on:#fff;--soft:#e9edfd;--muted:#b4c0f4;--ok:#1a7440;--warn:#8f5a00;--warnsoft:#fdf4e3;
--bad:#bf2f2a}
@media (prefers-color-scheme:dark){:root{--bg:#191b1f;--panel:#1f2226;--line:#2c3036;--track:#2d3138;--text:#f1f2f5;
--text2:#b0b6c2;--text3:#939aa8;--accent:#4c68ea;--soft:#272d47;--muted:#46528c;--ok:#62ce95;--warn:#ebb850;
--warnsoft:#352c1a;--bad:#ff8f86}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 Inter,system-ui,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:1040px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;font-weight:600}
h2{font-size:17px;margin:0 0 4px;font-weight:600}
p{margin:0}
.sub,.hint,figcaption,footer{color:var(--text2);font-size:13.5px}
.hint{margin-bottom:14px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:12px;margin:24px 0 12px}
.card{background:var(--panel);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin-bottom:12px}
.tiles .card{margin:0}
.tiles p:first-child{color:var(--text2);font-size:13.5px}
.figure{font-size:25px;font-weight:600;line-height:1.35}
.two{display:grid;grid-template-columns:1fr 1fr;gap:12px}
.two .card{margin:0}
.scroll{overflow-x:auto}
table{border-collapse:separate;border-spacing:3px;font-size:13.5px}
.matrix th{font-weight:400;color:var(--text2);text-align:right;padding:0 8px 0 0}
.matrix th span{display:block;max-width:190px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.matrix thead th{text-align:center;padding:0 2px 4px;vertical-align:bottom}
.matrix thead th.tall span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:150px;margin:0 auto}
.matrix td{min-width:40px;height:34px;text-align:center;border-radius:6px;background:var(--track);font-weight:600}
.matrix.few td{min-width:120px;height:72px;font-size:15px}
.matrix.some td{min-width:56px;height:44px}
.matrix td.right{background:var(--accent);color:var(--on)}
.matrix td.wrong{background:var(--warnsoft);color:var(--warn)}
.list{width:100%;border-spacing:0}
.list th{overflow-wrap:normal;color:var(--text3);font-weight:400;text-align:right;padding:4px 10px;font-size:13px}
.list td{text-align:right;padding:6px 10px;white-space:nowrap;border-top:1px solid var(--line)}
.list th:first-child,.list td:first-child{text-align:left;padding-left:0;white-space:normal}
.list td.bar{width:26%;min-width:120px}
.bar i{display:block;height:6px;border-radius:3px;background:var(--track);overflow:hidden}
.bar b{display:block;height:100%;background:var(--accent);border-radius:3px}
.photos{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:16px 12px}
figure{margin:0}
figure .frame{height:130px;border-radius:8px;background:var(--track);overflow:hidden;display:flex;align-items:center;
justify-content:center;color:var(--text3);font-size:13px}
figure img{width:100%;height:100%;object-fit:cover;display:block}
figcaption{line-height:1.4;margin-top:6px}
figcaption span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--text3)}
figcaption strong{color:var(--text);font-weight:600;display:block}
svg{display:block;width:100%;max-width:520px;height:auto;font-size:11px}
svg text{fill:var(--text3)}
svg .grid{stroke:var(--line)}
svg .ideal{stroke:var(--text3);stroke-dasharray:4 4}
svg .mark{fill:var(--accent)}
svg .first,svg .second{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}
svg .second{stroke:var(--warn)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 20px;margin:0;font-size:14px}
dt{color:var(--text2)}
dd{margin:0}
.key{display:inline-block;width:14px;height:3px;border-radius:2px;background:var(--accent);vertical-align:middle;
margin-right:6px}
.key.other{background:var(--warn);margin-left:14px}
footer{margin-top:20px}
@media (max-width:720px){.two{grid-template-columns:1fr}main{padding:20px 14px}.card{padding:14px}.list td,.list th{
padding-left:5px;padding-right:5px}.list .wide{display:none}.matrix th span{max-width:100px}
.matrix.few td{min-width:72px;height:52px}}
@media print{body{background:#fff}.card{break-inside:avoid}}
""".strip()
