"use strict";
// The table of the page. Names come from the input, so they only ever become text, never markup.
(() => {
  const MISSING = -1;
  const MINUS = "\u2212";
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const rowCount = data.rows;
  const columns = data.columns.map(prepared);
  const named = new Map(columns.map((column) => [column.name, column]));
  const everyRow = new Uint32Array(rowCount).map((_, row) => row);
  const cardOf = new Int32Array(rowCount);
  data.cards.forEach((rows, place) => rows.forEach((row) => (cardOf[row] = place + 1)));
  const state = { matched: new Uint32Array(0), view: new Uint32Array(0), page: 0, sort: null, down: false };
  if (data.cards.length) columns.unshift(cardColumn());

  function prepared(column) {
    const text = column.kind === "text";
    const values = text ? new Int32Array(rowCount) : new Float64Array(rowCount);
    column.values.forEach((value, row) => (values[row] = value === null ? (text ? MISSING : NaN) : value));
    const scale = column.kind === "fixed" ? 10 ** column.decimals : 1;
    return { ...column, values, scale, lower: null };
  }

  function cardColumn() {
    const values = Float64Array.from(cardOf, (card) => card || NaN);
    return { name: "", label: "card", unit: "", about: "Rank among the top variants", kind: "card", values, group: "Allele", shown: true };
  }

  // ---- values as text -------------------------------------------------------------------------

  function signOf(column, value) {
    const shown = column.kind === "fixed" ? Number((value / column.scale).toFixed(column.digits)) : value;
    return Math.sign(shown);
  }

  function written(column, row) {
    const value = column.values[row];
    if (column.kind === "text") return value === MISSING ? "" : column.texts[value];
    if (Number.isNaN(value)) return "";
    if (column.kind === "integer") return value.toLocaleString("en-US").replace("-", MINUS);
    let text;
    if (column.kind === "fixed") text = Math.abs(value / column.scale).toFixed(column.digits);
    else text = threeDigits(Math.abs(value));
    const sign = signOf(column, value);
    return (sign < 0 ? MINUS : sign > 0 && column.signed ? "+" : "") + text;
  }

  function threeDigits(value) {
    if (value === 0) return "0";
    const [mantissa, power] = value.toExponential(2).split("e");
    if (power >= -3 && power < 6) return String(Number(value.toPrecision(3)));
    return `${Number(mantissa)}e${Number(power)}`.replace("e-", `e${MINUS}`);
  }

  function exported(column, row) {
    const value = column.values[row];
    if (column.kind === "text") return value === MISSING ? "" : harmless(column.texts[value]);
    if (Number.isNaN(value)) return "";
    return column.kind === "fixed" ? (value / column.scale).toFixed(column.decimals) : String(value);
  }

  // A spreadsheet runs a cell that begins like a formula; numbers and a strand are none.
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
  const FORMULA = /^(\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/;
  function harmless(text) {
    return FORMULA.test(text) && !NUMBER.test(text) && text !== "+" && text !== "-" ? `'${text}` : text;
  }

  // ---- filters --------------------------------------------------------------------------------

  const controls = {
    search: byId("search"), status: byId("status"), shift: byId("shift"), sign: byId("sign"),
    least: byId("least"), effect: byId("motif-effect"), factor: byId("factor"),
  };
  const FACTOR_COLUMNS = ["motif_tf", "agreement_tf", "tfbs_top_gain", "tfbs_top_loss"];

  function option(value, label) {
    const element = document.createElement("option");
    element.value = value;
    element.textContent = label;
    return element;
  }

  function offer(select, column, field) {
    if (!column || !column.texts.length) { field.hidden = true; return; }
    column.texts.forEach((text, code) => select.append(option(String(code), text)));
  }

  function offerFilters() {
    offer(controls.status, named.get("status"), controls.status.parentElement);
    offer(controls.effect, named.get("motif_effect"), byId("effect-field"));
    const signed = columns.filter((column) => column.signed);
    signed.forEach((column) => controls.shift.append(option(column.name, column.label)));
    if (named.has(data.main)) controls.shift.value = data.main;
    for (const id of ["shift-fields", "sign-field", "least-field"]) byId(id).hidden = !signed.length;
    const factors = new Set(FACTOR_COLUMNS.flatMap((name) => (named.has(name) ? named.get(name).texts : [])));
    byId("factor-field").hidden = !factors.size;
    byId("factors").append(...[...factors].sort().map((text) => option(text, text)));
  }

  function lowered(column) {
    if (!column.lower) column.lower = column.texts.map((text) => text.toLowerCase());
    return column.lower;
  }

  // Which rows have the term in a column of text: looked up once for each distinct text.
  function rowsWithText(term, searched) {
    const rows = new Uint8Array(rowCount);
    for (const column of searched) {
      const found = Uint8Array.from(lowered(column), (text) => (text.includes(term) ? 1 : 0));
      if (!found.includes(1)) continue;
      const { values } = column;
      for (let row = 0; row < rowCount; row++) if (values[row] !== MISSING) rows[row] |= found[values[row]];
    }
    return rows;
  }

  const PLACE = /^([^\s:]+):([\d,]+)(?:[-\u2013]([\d,]+)|:([acgtn]+)[:>]([acgtn]+))?$/;
  function placeTest(term) {
    const found = PLACE.exec(term);
    const position = named.get("pos").values;
    if (!found) {
      const number = /^[\d,]+$/.test(term) ? digits(term) : NaN;
      return Number.isNaN(number) ? () => false : (row) => position[row] === number;
    }
    const [, contig, first, last, ref, alt] = found;
    const bare = (text) => text.toLowerCase().replace(/^chr/, "");
    const from = digits(first), to = last ? digits(last) : from;
    const contigs = Uint8Array.from(named.get("chrom").texts, (text) => (bare(text) === bare(contig) ? 1 : 0));
    const place = named.get("chrom").values;
    const has = (name, row, bases) => written(named.get(name), row).toLowerCase() === bases;
    return (row) => position[row] >= from && position[row] <= to && place[row] !== MISSING && contigs[place[row]] === 1
      && (!ref || (has("ref", row, ref) && has("alt", row, alt)));
  }

  const digits = (text) => Number(text.replaceAll(",", ""));

  function tests() {
    const made = [];
    const texts = columns.filter((column) => column.kind === "text");
    for (const term of controls.search.value.toLowerCase().split(/\s+/).filter(Boolean)) {
      const inText = rowsWithText(term, texts), atPlace = placeTest(term);
      made.push((row) => inText[row] === 1 || atPlace(row));
    }
    for (const [control, name] of [[controls.status, "status"], [controls.effect, "motif_effect"]]) {
      if (control.value === "") continue;
      const code = Number(control.value), { values } = named.get(name);
      made.push((row) => values[row] === code);
    }
    const factor = controls.factor.value.trim().toLowerCase();
    if (factor) {
      const inFactors = rowsWithText(factor, FACTOR_COLUMNS.filter((name) => named.has(name)).map((name) => named.get(name)));
      made.push((row) => inFactors[row] === 1);
    }
    return made.concat(shiftTests());
  }

  function shiftTests() {
    const column = named.get(controls.shift.value);
    if (!column) return [];
    const { values, scale } = column, least = Math.abs(controls.least.valueAsNumber) * scale;
    const made = [];
    if (controls.sign.value === "gain") made.push((row) => values[row] > 0);
    if (controls.sign.value === "loss") made.push((row) => values[row] < 0);
    if (!Number.isNaN(least)) made.push((row) => Math.abs(values[row]) >= least);
    return made;
  }

  function filter() {
    let matched = everyRow;
    for (const test of tests()) matched = matched.filter(test);
    state.matched = matched;
    const count = matched.length;
    const of = `${rowCount.toLocaleString("en-US")} ${rowCount === 1 ? "allele" : "alleles"}`;
    byId("count").textContent = count === rowCount ? of : `${count.toLocaleString("en-US")} of ${of}`;
    for (const id of ["tsv", "csv"]) byId(id).disabled = !count;
    sort();
  }

  // ---- order ----------------------------------------------------------------------------------

  function sort() {
    state.view = state.matched.slice();
    const column = state.sort;
    if (column) {
      const { values } = column, absent = column.kind === "text" ? (value) => value === MISSING : Number.isNaN;
      const known = state.view.filter((row) => !absent(values[row]));
      const missing = state.view.filter((row) => absent(values[row]));
      const way = state.down ? -1 : 1;
      known.sort((a, b) => way * (values[a] - values[b]) || a - b);
      state.view.set(known);
      state.view.set(missing, known.length); // what has no value stands last either way
    }
    state.page = 0;
    drawBody();
  }

  // Large values are looked for first, p-values and texts from their beginning.
  const downFirst = (column) => column.kind === "fixed";

  function sortBy(column) {
    if (state.sort !== column) Object.assign(state, { sort: column, down: downFirst(column) });
    else if (state.down === downFirst(column)) state.down = !state.down;
    else state.sort = null;
    drawHead();
    sort();
  }

  // ---- drawing --------------------------------------------------------------------------------

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  const shownColumns = () => columns.filter((column) => column.shown);

  function drawHead() {
    const focused = document.activeElement?.dataset?.column;
    const cells = shownColumns().map((column) => {
      const cell = element("th", undefined, column.kind === "text" || column.kind === "card" ? "" : "number");
      cell.scope = "col";
      const sorted = state.sort === column;
      cell.setAttribute("aria-sort", sorted ? (state.down ? "descending" : "ascending") : "none");
      const button = element("button", column.label);
      button.type = "button";
      button.title = column.about || column.name;
      button.dataset.column = columns.indexOf(column);
      const arrow = element("span", sorted ? (state.down ? "▼" : "▲") : "", "arrow");
      arrow.ariaHidden = "true";
      button.append(arrow);
      if (column.unit) button.append(element("span", column.unit, "unit"));
      button.addEventListener("click", () => sortBy(column));
      cell.append(button);
      return cell;
    });
    byId("head").replaceChildren(...cells);
    if (focused !== undefined) byId("head").querySelector(`[data-column="${Number(focused)}"]`)?.focus();
  }

  function drawnCell(column, row) {
    if (column.kind === "card") return cardCell(row);
    const text = written(column, row);
    const cell = element("td", undefined, column.kind === "text" ? "" : "number");
    if (column.signed && text) {
      const sign = signOf(column, column.values[row]);
      const value = element("span", undefined, sign > 0 ? "gain" : sign < 0 ? "loss" : "still");
      const glyph = element("span", sign > 0 ? "▲ " : sign < 0 ? "▼ " : "");
      glyph.ariaHidden = "true";
      value.append(glyph, text);
      cell.append(value);
    } else {
      cell.textContent = text;
    }
    if (column.name === "ref" || column.name === "alt") cell.classList.add("bases");
    if (text.length > 12) cell.title = text;
    return cell;
  }

  function cardCell(row) {
    const cell = element("td");
    const number = cardOf[row];
    if (number) {
      const button = element("button", `№ ${number}`, "open");
      button.type = "button";
      button.ariaLabel = `Open card ${number}`;
      button.addEventListener("click", (event) => { event.stopPropagation(); openCard(number); });
      cell.append(button);
    }
    return cell;
  }

  function drawnRow(row) {
    const line = element("tr");
    line.append(...shownColumns().map((column) => drawnCell(column, row)));
    if (cardOf[row]) {
      line.className = "carded";
      line.addEventListener("click", () => { if (!String(getSelection())) openCard(cardOf[row]); });
    }
    return line;
  }

  function drawBody() {
    const size = Number(byId("size").value), pages = Math.max(1, Math.ceil(state.view.length / size));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const first = state.page * size, rows = state.view.subarray(first, first + size);
    byId("body").replaceChildren(...Array.from(rows, drawnRow));
    byId("place").textContent = `Page ${state.page + 1} of ${pages.toLocaleString("en-US")}`;
    for (const id of ["first", "previous"]) byId(id).disabled = state.page === 0;
    for (const id of ["next", "last"]) byId(id).disabled = state.page >= pages - 1;
  }

  function turnTo(page) {
    state.page = page;
    drawBody();
    document.querySelector(".box").scrollTop = 0;
  }

  // ---- columns, cards, downloads --------------------------------------------------------------

  function drawChooser() {
    const groups = new Map();
    columns.filter((column) => column.kind !== "card").forEach((column) => {
      groups.set(column.group, [...(groups.get(column.group) ?? []), column]);
    });
    byId("choices").replaceChildren(...Array.from(groups, ([name, members]) => {
      const set = element("fieldset");
      set.append(element("legend", name), ...members.map(choice));
      return set;
    }));
  }

  function choice(column) {
    const label = element("label"), box = element("input");
    box.type = "checkbox";
    box.checked = column.shown;
    box.addEventListener("change", () => { column.shown = box.checked; drawHead(); drawBody(); });
    label.title = column.about || column.name;
    label.append(box, column.label);
    return label;
  }

  function openCard(number) {
    const card = byId(`card-${number}`);
    card.open = true;
    card.scrollIntoView();
    card.querySelector("summary").focus({ preventScroll: true });
  }

  function download(name, type, separator) {
    const taken = shownColumns().filter((column) => column.kind !== "card");
    const quoted = (text) => (/["\r\n\t,]|^\s|\s$/.test(text) && (separator === "," || /["\r\n\t]/.test(text)) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = [taken.map((column) => quoted(harmless(column.name))).join(separator)];
    for (const row of state.view) lines.push(taken.map((column) => quoted(exported(column, row))).join(separator));
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function cards() {
    return [...document.querySelectorAll("details.card")];
  }

  function listen() {
    const form = byId("controls");
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(() => {
      if (named.has(data.main)) controls.shift.value = data.main;
      filter();
    }));
    form.addEventListener("submit", (event) => event.preventDefault());
    byId("size").addEventListener("change", () => turnTo(0));
    byId("first").addEventListener("click", () => turnTo(0));
    byId("previous").addEventListener("click", () => turnTo(state.page - 1));
    byId("next").addEventListener("click", () => turnTo(state.page + 1));
    byId("last").addEventListener("click", () => turnTo(Infinity));
    byId("tsv").addEventListener("click", () => download("alleles.tsv", "text/tab-separated-values", "\t"));
    byId("csv").addEventListener("click", () => download("alleles.csv", "text/csv", ","));
    byId("all-cards")?.addEventListener("click", (event) => {
      const open = cards().some((card) => !card.open);
      cards().forEach((card) => (card.open = open));
      event.target.textContent = open ? "Close all" : "Open all";
    });
    const chooser = byId("chooser");
    document.addEventListener("click", (event) => { if (!chooser.contains(event.target)) chooser.open = false; });
    chooser.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      chooser.open = false;
      chooser.querySelector("summary").focus();
    });
    // Paper has no use for a closed card.
    let closed = [];
    addEventListener("beforeprint", () => { closed = cards().filter((card) => !card.open); closed.forEach((card) => (card.open = true)); });
    addEventListener("afterprint", () => closed.forEach((card) => (card.open = false)));
  }

  offerFilters();
  drawChooser();
  drawHead();
  listen();
  filter();
  document.documentElement.classList.add("ready");
})();
