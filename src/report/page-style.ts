/** The style of the HTML report: one sheet, no font and no picture from elsewhere; light, dark, narrow and on paper. */

/** The six colours of series keep apart for colour-blind eyes (after M. Okabe and K. Ito, 2008). */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--paper:#fdfdfb;--ink:#191b1d;--soft:#5b6168;--rule:#e3e3dd;--strong:#a9aca8;--tint:#f4f4ef;
--night:#eceef3;--good:#00704f;--bad:#b3261e;--open:#7d5a00;
--c0:#1068a8;--c1:#d2691e;--c2:#0a8566;--c3:#8a4f9e;--c4:#8f7200;--c5:#4a9fd8}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e8e8e4;--soft:#9aa2a9;--rule:#2b3036;--strong:#565d64;
--tint:#1b1f23;--night:#1b2029;--good:#4cc79b;--bad:#ff8a7a;--open:#e2b84d;
--c0:#5cb0ec;--c1:#f0954a;--c2:#43c39a;--c3:#c89bd8;--c4:#d8b94c;--c5:#a3d5f5}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",
"Liberation Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
main,header,footer{max-width:1108px;margin:0 auto;padding:0 24px}
header{display:flex;flex-wrap:wrap;gap:4px 24px;justify-content:space-between;padding-top:28px;color:var(--soft);font-size:14px}
header b{color:var(--ink);font-weight:650;letter-spacing:.01em}
h1,h2,h3,p,dl,dd,ul,figure{margin:0;padding:0}
h1{font-size:clamp(40px,7vw,60px);line-height:1.08;font-weight:680;letter-spacing:-.025em;margin:2px 0 12px}
h2{font-size:21px;line-height:1.3;font-weight:650;letter-spacing:-.01em;margin-bottom:14px;text-wrap:balance}
h3{font-size:15px;font-weight:650}
h3+.lead{margin-top:2px}.charts+h3{margin-top:34px}
section{padding:34px 0 0;margin-top:34px;border-top:1px solid var(--rule)}
.question{color:var(--soft);font-size:15px}
.verdict{border:0;margin-top:20px;padding-left:22px;padding-top:2px;padding-bottom:2px;border-left:6px solid var(--mark)}
.verdict h1{color:var(--mark);display:flex;align-items:center;gap:.3em;overflow-wrap:anywhere}
.verdict h1 svg{width:.78em;height:.78em;flex:none}
.verdict .why{font-size:19px;max-width:46em;text-wrap:pretty;overflow-wrap:anywhere}
.able{--mark:var(--good)}.unable{--mark:var(--bad)}.unknown{--mark:var(--open)}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:0 28px;margin-top:36px}
.figures div{border-top:1px solid var(--strong);padding-top:10px}
.figures dt{color:var(--soft);font-size:14px}
.figures dd{font-size:34px;line-height:1.2;font-weight:600;letter-spacing:-.02em}
.figures dd+dd{font-size:14px;font-weight:400;letter-spacing:0;color:var(--soft);margin-top:2px}
.size{margin-top:22px;color:var(--soft);font-size:15px}
.columns{display:grid;grid-template-columns:1fr 1fr;gap:0 44px}
.rows div{display:grid;grid-template-columns:10.5em 1fr;gap:0 16px;padding:8px 0;border-top:1px solid var(--rule)}
.rows div:first-child{border-top:0;padding-top:0}
.rows dt{color:var(--soft);grid-row:1/span 2}
.rows dd{overflow-wrap:anywhere}
.rows dd+dd{grid-column:2;color:var(--soft);font-size:14px}
.problems{list-style:none}
.problems li{padding:10px 0 10px 22px;border-top:1px solid var(--rule);position:relative;overflow-wrap:anywhere}
.problems li:first-child{border-top:0;padding-top:0}
.problems li::before{content:"";position:absolute;left:2px;top:18px;width:9px;height:9px;border-radius:50%;border:2px solid var(--open)}
.problems li:first-child::before{top:8px}
.problems .grave::before{background:var(--bad);border-color:var(--bad)}
.problems p{color:var(--soft);font-size:14px}
.problems code{white-space:nowrap}
.problems code,.when{font-size:13px;color:var(--soft)}
code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
.lead{color:var(--soft);max-width:46em;margin:-8px 0 20px;text-wrap:pretty}
.charts{display:grid;grid-template-columns:1fr 1fr;gap:36px 28px}
.chart{min-width:0;position:relative;break-inside:avoid}
.chart.full{grid-column:1/-1}
.chart svg{display:block;width:100%;height:auto;margin-top:6px;overflow:visible}
.chart svg.narrow{display:none}
figcaption,.empty{color:var(--soft);font-size:14px;margin-top:4px;max-width:60em;text-wrap:pretty}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;font-size:14px;color:var(--soft);margin-top:2px}
.swatch{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:7px}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;fill:var(--soft)}
svg .strong{fill:var(--ink);font-weight:600}
.rule{stroke:var(--rule)}.base,.mark{stroke:var(--strong)}.night{fill:var(--night)}
.reference{stroke:var(--soft);stroke-dasharray:5 4}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.area{fill-opacity:.82;stroke-width:.7}
.cursor{stroke:var(--ink);stroke-width:1;pointer-events:none}
.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}
.b0{fill:var(--c0);background:var(--c0)}.b1{fill:var(--c1);background:var(--c1)}.b2{fill:var(--c2);background:var(--c2)}
.b3{fill:var(--c3);background:var(--c3)}.b4{fill:var(--c4);background:var(--c4)}.b5{fill:var(--c5);background:var(--c5)}
rect.grave{fill:var(--bad)}rect.noted{fill:var(--open)}.swatch.grave{background:var(--bad)}.swatch.noted{background:var(--open)}
.chart .sign{display:inline-block;width:12px;height:12px;margin:0 6px 0 0;vertical-align:-1px}
.sign-critical{fill:var(--bad)}.sign-error{fill:var(--paper);stroke:var(--bad);stroke-width:2}
.sign-warning{fill:var(--paper);stroke:var(--open);stroke-width:1.8}.sign-info{stroke:var(--soft);stroke-width:2}
.over{paint-order:stroke;stroke:var(--paper);stroke-width:6px}
.tip{position:absolute;z-index:1;pointer-events:none;background:var(--paper);border:1px solid var(--strong);border-radius:5px;
padding:6px 10px;font-size:13px;line-height:1.45;white-space:nowrap;box-shadow:0 2px 10px rgb(0 0 0/.14)}
.tip b{font-weight:600}
.scroll{overflow-x:auto;margin-bottom:18px}
table{border-collapse:collapse;width:100%;font-size:15px}
th{font-weight:500;color:var(--soft);font-size:14px;text-align:left;vertical-align:bottom}
th,td{padding:7px 16px 7px 0;border-bottom:1px solid var(--rule);vertical-align:top}
tbody th{color:var(--ink);font-size:15px;font-weight:400;white-space:nowrap}
.n{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
td{white-space:nowrap}
td.text{color:var(--soft);white-space:normal;overflow-wrap:anywhere;min-width:16em}
tr.fault th,tr.fault .n{color:var(--bad);font-weight:650}
tr.sum th,tr.sum td{font-weight:600}
table.links thead th{white-space:normal;vertical-align:bottom}
.events{list-style:none;max-width:60em;margin:4px 0 24px}
.events+.empty{margin:-20px 0 24px}
.charts+.result{margin-top:24px}
details{margin:6px 0 18px}
summary{cursor:pointer;color:var(--soft);padding:4px 0}
.result{font-size:17px;margin-bottom:14px}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
footer{color:var(--soft);font-size:14px;margin-top:44px;padding-top:18px;padding-bottom:44px}
@media (max-width:760px){
main,header,footer{padding-left:18px;padding-right:18px}
.figures{grid-template-columns:1fr 1fr;gap:22px 20px}.figures dd{font-size:28px}
.columns{grid-template-columns:1fr}.columns>*+*{margin-top:34px}
.charts{grid-template-columns:minmax(0,1fr);gap:34px}
.chart svg.wide{display:none}.chart svg.narrow{display:block;max-width:560px}
.verdict{padding-left:16px}.verdict .why{font-size:17px}
.rows div{grid-template-columns:1fr;gap:0}.rows dt{grid-row:auto}.rows dd+dd{grid-column:1}
.delays th,.delays td{padding-right:14px}
table.links thead .n{white-space:nowrap}}
@media print{
:root{--paper:#fff;--ink:#000;--soft:#444;--rule:#ddd;--strong:#999;--night:#eee;--good:#00563c;--bad:#9a1b14;--open:#6b4d00;
--c0:#1068a8;--c1:#d2691e;--c2:#0a8566;--c3:#8a4f9e;--c4:#8f7200;--c5:#4a9fd8}
body{font-size:10.5pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
section{margin-top:20px;padding-top:20px}.tip{display:none}
h2,h3{break-after:avoid}tr,.problems li,.figures{break-inside:avoid}
.charts{grid-template-columns:1fr 1fr}.chart svg.wide{display:block}.chart svg.narrow{display:none}
.figures{grid-template-columns:repeat(4,1fr)}.columns{grid-template-columns:1fr 1fr}.columns>*+*{margin-top:0}.scroll{overflow:visible}
th,td,tbody th{font-size:7.5pt;line-height:1.4;padding-right:8px}thead th,thead .n,tbody th,td,table.links thead .n{white-space:normal}
td.n{white-space:nowrap}td.text{min-width:7em}}
`;
