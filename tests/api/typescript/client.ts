// A small client whose types come from the published description alone.
import type { components, paths } from "./schema.js";

export type Problem = components["schemas"]["Problem"];
export type Document = components["schemas"]["Document"];
export type DocumentPage = components["schemas"]["DocumentPage"];

type Get<P extends keyof paths> = paths[P] extends { get: infer Operation } ? Operation : never;
type Answer<P extends keyof paths> =
  Get<P> extends { responses: { 200: { content: { "application/json": infer Body } } } }
    ? Body
    : never;
type Parameters<P extends keyof paths> =
  Get<P> extends { parameters: infer Given } ? Given : never;
type PathOf<P extends keyof paths> =
  Parameters<P> extends { path: infer Path } ? { path: Path } : { path?: never };
type QueryOf<P extends keyof paths> =
  Parameters<P> extends { query?: infer Query } ? { query?: Query } : { query?: never };

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
  }
}

export class Client {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  async get<P extends keyof paths>(
    template: P,
    options: PathOf<P> & QueryOf<P>,
  ): Promise<Answer<P>> {
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String((options.path as Record<string, unknown>)[name])),
    );
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(options.query ?? {})) {
      // "filters" stands for parameters of any name: form style, exploded.
      const pairs = name === "filters" ? Object.entries(value as object) : [[name, value]];
      for (const [key, one] of pairs) query.append(String(key), String(one));
    }
    const answer = await fetch(`${this.url}${path}?${query}`, {
      headers: { Authorization: `Bearer ${this.token}` },
    });
    const body: unknown = await answer.json();
    if (!answer.ok) throw new ProblemError(body as Problem);
    return body as Answer<P>;
  }

  async *walk(
    instance: string,
    doctype: string,
    query: NonNullable<QueryOf<typeof DOCUMENTS>["query"]>,
  ): AsyncGenerator<Document> {
    let cursor: string | null = null;
    do {
      const follow = cursor === null ? query : { ...query, cursor };
      const page: DocumentPage = await this.get(DOCUMENTS, {
        path: { instance, doctype },
        query: follow,
      });
      yield* page.items;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }
}

export const DOCUMENTS = "/api/v1/instances/{instance}/doctypes/{doctype}/documents";
