/** Grafana's unit ids and what each stands for. */

import { dateFormat, fromNow, systemDate } from "./date";
import { toFixed } from "./decimals";
import * as duration from "./duration";
import { binaryPrefixed, count, currency, scaled, siPrefixed } from "./scaled";
import type { ValueFormat } from "./types";

/** The number and a unit that never scales. */
export function plain(unit: string, asPrefix = false): ValueFormat {
  return (value, decimals) => {
    if (value === null) {
      return { text: "" };
    }
    const text = toFixed(value, decimals);
    if (unit === "") {
      return { text };
    }
    return asPrefix ? { text, prefix: unit } : { text, suffix: ` ${unit}` };
  };
}

export function booleanText(whenTrue: string, whenFalse: string): ValueFormat {
  return (value) => ({ text: value ? whenTrue : whenFalse });
}

/** Lines of `id unit`, where `~` stands for an empty unit. */
const PLAIN = `
none ~|humidity %H|dB dB|pixel px|accMS2 m/sec²|accFS2 f/sec²|accG g|degree °|radian rad|grad grad|arcmin arcmin
arcsec arcsec|areaM2 m²|areaF2 ft²|areaMI2 mi²|acres ac|hectares ha|ppm ppm|conppb ppb|conngm3 ng/m³|conngNm3 ng/Nm³
conμgm3 μg/m³|conμgNm3 μg/Nm³|conmgm3 mg/m³|conmgNm3 mg/Nm³|congm3 g/m³|congNm3 g/Nm³|conmgdL mg/dL|conmmolL mmol/L
dBm dbm|flowgpm gpm|flowcms cms|flowcfs cfs|flowcfm cfm|litreh L/h|flowlpm L/min|flowmlpm mL/min|lux lux|masslb lb
masst t|lengthcm cm|lengthin in|lengthft ft|lengthmi mi|pressurehpa hPa|pressurekpa kPa|pressurehg "Hg|rotrpm rpm
rotrads rad/s|rotdegs °/s|celsius °C|fahrenheit °F|farenheit °F|kelvin K|velocityms m/s|velocitykmh km/h
velocitymph mph|velocityknot kn|m3 m³|Nm3 Nm³|dm3 dm³|gallons gal`;

/** `id unit offset`: the raw value already carries the SI prefix that the offset counts. */
const SI = `
sishort ~|candela cd|flops FLOPS|mflops FLOPS 2|gflops FLOPS 3|tflops FLOPS 4|pflops FLOPS 5|eflops FLOPS 6
zflops FLOPS 7|yflops FLOPS 8|decbytes B|decbits b|deckbytes B 1|decmbytes B 2|decgbytes B 3|dectbytes B 4
decpbytes B 5|pps p/s|Bps B/s|bps b/s|KBs B/s 1|Kbits b/s 1|MBs B/s 2|Mbits b/s 2|GBs B/s 3|Gbits b/s 3|TBs B/s 4
Tbits b/s 4|PBs B/s 5|Pbits b/s 5|watt W|kwatt W 1|megwatt W 2|gwatt W 3|mwatt W -1|Wm2 W/m²|voltamp VA|kvoltamp VA 1
voltampreact VAr|kvoltampreact VAr 1|watth Wh|watthperkg Wh/kg|kwatth Wh 1|kwattm W-Min 1|mwatth Wh 2|amph Ah
kamph Ah 1|mamph Ah -1|joule J|ev eV|amp A|kamp A 1|mamp A -1|volt V|kvolt V 1|mvolt V -1|mohm Ω -1|ohm Ω|kohm Ω 1
Mohm Ω 2|farad F|µfarad F -2|nfarad F -3|pfarad F -4|ffarad F -5|henry H|mhenry H -1|µhenry H -2|lumens Lm|forceNm Nm
forcekNm Nm 1|forceN N|forcekN N 1|Hs H/s|KHs H/s 1|MHs H/s 2|GHs H/s 3|THs H/s 4|PHs H/s 5|EHs H/s 6|massmg g -1
massg g|masskg g 1|lengthmm m -1|lengthm m|lengthkm m 1|pressurembar bar -1|pressurebar bar|pressurekbar bar 1
pressurepa Pa|radbq Bq|radci Ci|radgy Gy|radrad rad|radsv Sv|radmsv Sv -1|radusv Sv -2|radrem rem|radexpckg C/kg
radr R|radsvh Sv/h|radmsvh Sv/h -1|radusvh Sv/h -2|rothz Hz|rotkhz Hz 1|rotmhz Hz 2|rotghz Hz 3|hertz Hz|mlitre L -1
litre L`;

const BINARY = `
bytes B|bits b|kbytes B 1|mbytes B 2|gbytes B 3|tbytes B 4|pbytes B 5|binBps B/s|binbps b/s|KiBs B/s 1|Kibits b/s 1
MiBs B/s 2|Mibits b/s 2|GiBs B/s 3|Gibits b/s 3|TiBs B/s 4|Tibits b/s 4|PiBs B/s 5|Pibits b/s 5`;

const COUNT = `
cps c/s|ops ops/s|reqps req/s|rps rd/s|wps wr/s|iops io/s|eps evt/s|mps msg/s|recps rec/s|rowsps rows/s|cpm c/m
opm ops/m|reqpm req/m|rpm rd/m|wpm wr/m|epm evts/m|mpm msgs/m|recpm rec/m|rowspm rows/m`;

/** `id symbol`, with 1 where the symbol follows the number. */
const CURRENCY = `
currencyUSD $|currencyGBP £|currencyEUR €|currencyJPY ¥|currencyRUB ₽|currencyUAH ₴|currencyBRL R$|currencyDKK kr 1
currencyISK kr 1|currencyNOK kr 1|currencySEK kr 1|currencyCZK czk|currencyCHF CHF|currencyPLN PLN|currencyBTC ฿
currencymBTC mBTC|currencyμBTC μBTC|currencyZAR R|currencyINR ₹|currencyKRW ₩|currencyIDR Rp|currencyPHP PHP
currencyVND đ 1|currencyTRY ₺ 1|currencyMYR RM|currencyXPF XPF|currencyBGN BGN|currencyPYG ₲|currencyUYU UYU
currencyILS ₪`;

const hex = (value: number | null, decimals?: number | null) =>
  Number.parseFloat(toFixed(value, decimals)).toString(16).toUpperCase();

const ISO = "YYYY-MM-DD HH:mm:ss";
const US = "MM/DD/YYYY h:mm:ss a";
const NO_VALUE = { text: "" };

const SPECIAL: Record<string, ValueFormat> = {
  string: (value) => ({ text: `${value}` }),
  short: scaled(1000, ["", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept"]),
  pressurepsi: scaled(1000, ["psi", "ksi", "Mpsi"]),
  percent: (value, decimals) => (value === null ? NO_VALUE : { text: toFixed(value, decimals), suffix: "%" }),
  percentunit: (value, decimals) => (value === null ? NO_VALUE : { text: toFixed(100 * value, decimals), suffix: "%" }),
  hex: (value, decimals) => (value === null ? NO_VALUE : { text: hex(value, decimals) }),
  hex0x: (value, decimals) => (value === null ? NO_VALUE : { text: hex(value, decimals).replace(/^(-?)/, "$10x") }),
  sci: (value, decimals) => (value === null ? NO_VALUE : { text: value.toExponential(decimals ?? undefined) }),
  locale: (value, decimals) =>
    value === null
      ? NO_VALUE
      : { text: value.toLocaleString(undefined, { maximumFractionDigits: decimals ?? undefined }) },
  bool: booleanText("True", "False"),
  bool_yes_no: booleanText("Yes", "No"),
  bool_on_off: booleanText("On", "Off"),
  ns: duration.nanoseconds,
  µs: duration.microseconds,
  ms: duration.milliseconds,
  s: duration.seconds,
  m: duration.minutes,
  h: duration.hours,
  d: duration.days,
  dtdurationms: duration.spelled("millisecond"),
  dtdurations: duration.spelled("second"),
  dthms: duration.hms,
  dtdhms: duration.dhms,
  timeticks: duration.timeTicks,
  clockms: duration.clock(1),
  clocks: duration.clock(1000),
  dateTimeAsIso: dateFormat(ISO),
  dateTimeAsIsoNoDateIfToday: dateFormat(ISO, "HH:mm:ss"),
  dateTimeAsUS: dateFormat(US),
  dateTimeAsUSNoDateIfToday: dateFormat(US, "h:mm:ss a"),
  dateTimeAsLocal: dateFormat(ISO),
  dateTimeAsLocalNoDateIfToday: dateFormat(ISO, "HH:mm:ss"),
  dateTimeAsSystem: systemDate,
  dateTimeFromNow: fromNow,
};

/** Built on first use: a page shows a handful of the ids. */
function read(table: string, make: (unit: string, argument: string) => ValueFormat): [string, () => ValueFormat][] {
  const lines = table.trim().split(/[|\n]/);
  return lines.map((line) => {
    const [id = "", unit = "", argument = ""] = line.split(" ");
    return [id, () => make(unit === "~" ? "" : unit, argument)];
  });
}

const makers = new Map<string, () => ValueFormat>([
  ...read(PLAIN, (unit) => plain(unit)),
  ...read(SI, (unit, offset) => siPrefixed(unit, Number(offset))),
  ...read(BINARY, (unit, offset) => binaryPrefixed(unit, Number(offset))),
  ...read(COUNT, (unit) => count(unit)),
  ...read(CURRENCY, (symbol, asSuffix) => currency(symbol, asSuffix === "1")),
]);

/** The format of a known id. */
export function knownUnit(id: string): ValueFormat | undefined {
  return Object.hasOwn(SPECIAL, id) ? SPECIAL[id] : makers.get(id)?.();
}

export function knownUnitIds(): string[] {
  return [...Object.keys(SPECIAL), ...makers.keys()];
}

/** Units of bytes and bits in steps of 1,024: their axes want ticks at powers of two. */
export function isBinaryUnit(id: string | undefined): boolean {
  return id !== undefined && BINARY_IDS.has(id);
}

const BINARY_IDS = new Set(read(BINARY, binaryPrefixed as never).map(([id]) => id));
