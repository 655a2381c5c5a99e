/** The arithmetic of Grafana's expressions: `$A / ${B} * 100 > 1 && !is_nan($C)`. */

export type Node =
  | { kind: "number"; value: number }
  | { kind: "ref"; name: string }
  | { kind: "unary"; op: string; of: Node }
  | { kind: "binary"; op: string; left: Node; right: Node }
  | { kind: "call"; name: string; args: Node[] };

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|\$\{([^}]+)\}|\$(\w+)|([A-Za-z_]\w*)|(\*\*|\|\||&&|==|!=|>=|<=|[-+*/%^<>!(),]))/y;

interface Token {
  kind: "number" | "ref" | "name" | "op" | "end";
  text: string;
}

/** Deeper nesting is a mistake, and would exhaust the stack. */
const MAX_DEPTH = 100;
const MAX_CHARS = 10_000;

function tokenize(text: string): Token[] {
  if (text.length > MAX_CHARS) throw new Error("the expression is too long");
  const tokens: Token[] = [];
  let at = 0;
  while (text.slice(at).trim() !== "") {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`the expression is not understood at “${text.slice(at, at + 20).trim()}”`);
    at = TOKEN.lastIndex;
    const [, number, braced, plain, name, op] = match;
    if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (braced !== undefined || plain !== undefined) tokens.push({ kind: "ref", text: braced ?? plain ?? "" });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else tokens.push({ kind: "op", text: op ?? "" });
  }
  tokens.push({ kind: "end", text: "its end" });
  return tokens;
}

/** From loosest to tightest. */
const LEVELS = [["||"], ["&&"], ["==", "!=", ">", "<", ">=", "<="], ["+", "-"], ["*", "/", "%"], ["**", "^"]];

export function parseExpression(text: string): Node {
  const tokens = tokenize(text);
  let at = 0;
  const peek = () => tokens[at] as Token;
  const is = (op: string) => peek().kind === "op" && peek().text === op;
  const expect = (op: string) => {
    if (!is(op)) throw new Error(`the expression needs “${op}” before “${peek().text}”`);
    at += 1;
  };

  const binary = (level: number, depth: number): Node => {
    const ops = LEVELS[level];
    if (!ops) return unary(depth);
    let left = binary(level + 1, depth);
    while (peek().kind === "op" && ops.includes(peek().text)) {
      const op = peek().text;
      at += 1;
      // Powers bind to the right.
      const right = level === LEVELS.length - 1 ? binary(level, depth + 1) : binary(level + 1, depth);
      left = { kind: "binary", op, left, right };
    }
    return left;
  };
  const unary = (depth: number): Node => {
    if (depth > MAX_DEPTH) throw new Error("the expression is nested too deeply");
    for (const op of ["-", "!"]) {
      if (is(op)) {
        at += 1;
        return { kind: "unary", op, of: unary(depth + 1) };
      }
    }
    return primary(depth + 1);
  };
  const primary = (depth: number): Node => {
    const token = peek();
    at += 1;
    if (token.kind === "number") return { kind: "number", value: Number(token.text) };
    if (token.kind === "ref") return { kind: "ref", name: token.text };
    if (token.kind === "op" && token.text === "(") {
      const inner = binary(0, depth);
      expect(")");
      return inner;
    }
    if (token.kind !== "name") throw new Error(`the expression is not understood at “${token.text}”`);
    expect("(");
    const args: Node[] = [];
    while (!is(")")) {
      args.push(binary(0, depth));
      if (!is(")")) expect(",");
    }
    expect(")");
    return { kind: "call", name: token.text, args };
  };

  const root = binary(0, 0);
  if (peek().kind !== "end") throw new Error(`the expression is not understood at “${peek().text}”`);
  return root;
}

/** The queries and expressions that a parsed expression refers to. */
export function references(node: Node): string[] {
  switch (node.kind) {
    case "ref":
      return [node.name];
    case "unary":
      return references(node.of);
    case "binary":
      return [...references(node.left), ...references(node.right)];
    case "call":
      return node.args.flatMap(references);
    default:
      return [];
  }
}
