/** What the rules found, without what the Dockerfile or the command line says to skip. */
import type { CheckWarning } from '@tsdocker/shared/types/build.ts';
import type { CheckDirective } from '../../dockerfile/directives.ts';
import type { Location } from '../../dockerfile/errors.ts';
import { failedPlace } from '../failed-place.ts';
import { detailOf, isExperimental, RULES, type RuleName, ruleUrl } from './rules.ts';

export class CheckReport {
  readonly #directive: CheckDirective;
  readonly #source: { file: string; lines: readonly string[] };
  readonly #warnings: CheckWarning[] = [];

  constructor(directive: CheckDirective, source: { file: string; lines: readonly string[] }) {
    this.#directive = directive;
    this.#source = source;
  }

  /** @param found what the rule's words are made with */
  add(rule: RuleName, location: Location, ...found: string[]): void {
    const { skip, experimental } = this.#directive;
    const isOn = experimental.includes('all') || experimental.includes(rule);
    if (isExperimental(rule) ? !isOn : skip.includes('all') || skip.includes(rule)) return;
    const detail = detailOf(rule, found);
    const { startLine, endLine } = location;
    // A stage that several others begin with is walked through once for each of them.
    if (this.#warnings.some((w) => w.detail === detail && w.place.location.startLine === startLine)) return;
    this.#warnings.push({
      rule,
      description: RULES[rule].description,
      url: ruleUrl(rule),
      detail,
      place: failedPlace(this.#source.file, this.#source.lines, { startLine, endLine }),
    });
  }

  /** By line. */
  get warnings(): CheckWarning[] {
    return this.#warnings.toSorted((a, b) => a.place.location.startLine - b.place.location.startLine);
  }
}
