/**
 * The script of the HTML report: shows the values under the pointer, and opens what is folded before printing. The page
 * says everything without it. It asks for nothing from elsewhere and writes texts only as text.
 *
 * It is text here, not a module, because it is put into the page as it is; keep it small and to what every browser knows.
 */

export const PAGE_SCRIPT = `'use strict';
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((details) => { details.open = true; }));

const two = (value) => String(value).padStart(2, '0');
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function moment(at, axis) {
  if (axis.offsetMinutes === null) return at.toFixed(at < 100 ? 1 : 0) + ' s';
  const date = new Date((at + axis.offsetMinutes * 60) * 1000);
  const day = days[date.getUTCDay()] + ' ' + date.getUTCDate() + ' ' + months[date.getUTCMonth()];
  return day + ', ' + two(date.getUTCHours()) + ':' + two(date.getUTCMinutes());
}

function quantity(value, data) {
  if (data.factor === 0) return String(Math.round(value)).replace(/\\B(?=(\\d{3})+$)/g, ',');
  const scaled = value / data.factor;
  return scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0) + ' ' + data.unit;
}

/** Index of the sample under 'at': the one whose stretch it lies in, or the nearest. */
function sampleAt(at, data) {
  const x = data.x;
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < at) low = middle + 1;
    else high = middle;
  }
  return !data.steps && low > 0 && at - x[low - 1] < x[low] - at ? low - 1 : low;
}

function line(className, text, value) {
  const element = document.createElement('div');
  if (className !== '') {
    const swatch = document.createElement('span');
    swatch.className = 'swatch ' + className;
    element.append(swatch);
  }
  const strong = document.createElement('b');
  strong.textContent = value;
  element.append(text, strong);
  return element;
}

function hover(figure) {
  const source = figure.querySelector('script');
  if (source === null) return;
  const data = JSON.parse(source.textContent);
  const parts = [data].concat(data.more || []);
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  figure.append(tip);
  for (const svg of figure.querySelectorAll('svg')) {
    const cursor = svg.querySelector('.cursor');
    const left = Number(svg.dataset.left);
    const right = Number(svg.dataset.right);
    const hide = () => {
      tip.hidden = true;
      cursor.setAttribute('visibility', 'hidden');
    };
    const show = (event) => {
      const box = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / box.width;
      const share = ((event.clientX - box.left) * scale - left) / (right - left);
      if (share < -0.02 || share > 1.02) return hide();
      const span = data.axis.to - data.axis.from;
      const pointed = data.axis.from + Math.min(1, Math.max(0, share)) * span;
      const at = parts.length > 1 ? pointed : data.x[sampleAt(pointed, data)];
      const x = left + (right - left) * Math.min(1, Math.max(0, (at - data.axis.from) / span));
      cursor.setAttribute('x1', x);
      cursor.setAttribute('x2', x);
      cursor.setAttribute('visibility', 'visible');
      const one = parts.length === 1 && data.series.length === 1;
      tip.replaceChildren(
        line('', '', moment(at, data.axis)),
        ...parts.flatMap((part) => {
          const index = sampleAt(at, part);
          return part.series.map((series) =>
            line(one ? '' : 'b' + series.colour, one ? '' : series.name + ' ', quantity(series.values[index], part) + (part.factor === 0 ? ' ' + part.unit : '')),
          );
        }),
      );
      tip.hidden = false;
      const around = figure.getBoundingClientRect();
      const place = box.left - around.left + x / scale;
      const flip = place + tip.offsetWidth + 16 > figure.clientWidth;
      tip.style.left = Math.max(0, flip ? place - tip.offsetWidth - 12 : place + 12) + 'px';
      tip.style.top = box.top - around.top + 34 / scale + 'px';
    };
    svg.addEventListener('pointermove', show);
    svg.addEventListener('pointerdown', show);
    svg.addEventListener('pointerleave', hide);
  }
}

document.querySelectorAll('figure').forEach(hover);
`;
