// The languages an analyst writes, each with completion of what the page knows.

import { json, jsonParseLinter } from "@codemirror/lang-json"
import { python, pythonLanguage } from "@codemirror/lang-python"
import { PostgreSQL, sql } from "@codemirror/lang-sql"
import { linter, lintGutter } from "@codemirror/lint"

const LANGUAGES = {
  sql: (data) => [
    sql({ dialect: PostgreSQL, schema: data.schema ?? {}, upperCaseKeywords: true }),
    PostgreSQL.language.data.of({ autocomplete: parameterSource(data.params, ":") }),
  ],
  python: (data) => [
    python(),
    pythonLanguage.data.of({ autocomplete: parameterSource(data.params, "") }),
  ],
  json: () => [json(), linter(jsonParseLinter()), lintGutter()],
}

// `data` is {language, schema: {table: [column, …]}, params: [name, …]}; an unknown language is plain text.
export function languageExtension(data) {
  return LANGUAGES[data.language]?.(data) ?? []
}

function parameterSource(params, prefix) {
  const options = (params ?? []).map((name) => ({ label: prefix + name, type: "variable", boost: 9 }))
  return (context) => {
    const word = context.matchBefore(/:\w*|\b\w+/)
    if (!word || (word.from === word.to && !context.explicit)) return null
    return { from: word.from, options, validFor: /^:?\w*$/ }
  }
}
