import assert from 'node:assert/strict';
import { test } from 'node:test';
import { globalArgs, platformArgs } from '../../../../../packages/daemon/src/builder/arguments.ts';
import {
  type CheckInput,
  checkBuild,
  checkDirective,
  failOnWarnings,
} from '../../../../../packages/daemon/src/builder/checks/check-build.ts';
import { outlineOf, targetsOf } from '../../../../../packages/daemon/src/builder/checks/outline.ts';
import type { RULES } from '../../../../../packages/daemon/src/builder/checks/rules.ts';
import { neededStages, planStages } from '../../../../../packages/daemon/src/builder/stages.ts';
import { parseDockerfile } from '../../../../../packages/daemon/src/dockerfile/parse.ts';
import { expand } from '../../../../../packages/daemon/src/dockerfile/shell-lex.ts';
import type { BaseImage } from '../../../../../packages/daemon/src/images/stages.ts';
import { ExcludeList } from '../../../../../packages/shared/src/path-patterns.ts';

const BASE: BaseImage = {
  id: 'sha256:0',
  config: { Env: ['PATH=/bin', 'KNOWN=1'] },
  history: [],
  chainIds: [],
  platform: { os: 'linux', architecture: 'amd64' },
} as unknown as BaseImage;

function input(text: string, more: { buildArgs?: Record<string, string>; target?: string } = {}): CheckInput {
  const { buildArgs = {} } = more;
  const dockerfile = parseDockerfile(text);
  const plan = planStages(dockerfile, more.target);
  const automatic = platformArgs({ target: 'linux/amd64', build: 'linux/amd64' });
  const globals = globalArgs(plan.globals, automatic, buildArgs, '\\');
  const expanded = (word: string) => expand(word, { lookup: (name) => globals.get(name), escape: '\\' }).value;
  return {
    dockerfile,
    file: 'Dockerfile',
    plan,
    needed: neededStages(plan, (from) => expanded(from.image)),
    globals,
    automatic,
    buildArgs,
    ignored: new ExcludeList(['ignored', '*.log']),
    imageOf: ({ from }) => expanded(from.image),
    platformOf: ({ from }) => (from.platform === undefined ? 'linux/amd64' : expanded(from.platform)),
    base: async (name) => (name === 'unknown' ? undefined : BASE),
  };
}

const found = async (text: string, more?: Parameters<typeof input>[1]): Promise<string[]> =>
  (await checkBuild(input(text, more))).warnings.map(
    ({ rule, detail, place }) => `${rule} ${place.location.startLine}: ${detail}`,
  );

/** Each rule: what it finds, then what it leaves alone. */
const CASES: Record<keyof typeof RULES, { bad: string; told: string[]; good: string }> = {
  StageNameCasing: {
    bad: 'FROM b AS Build',
    told: ["StageNameCasing 1: Stage name 'Build' should be lowercase"],
    good: 'FROM b AS build',
  },
  FromAsCasing: {
    bad: 'FROM b as build',
    told: ["FromAsCasing 1: 'as' and 'FROM' keywords' casing do not match"],
    good: 'from b as build',
  },
  NoEmptyContinuation: {
    bad: 'FROM b\nRUN a \\\n\n  b',
    told: ['NoEmptyContinuation 4: Empty continuation line'],
    good: 'FROM b\nRUN a \\\n  # comment\n  b',
  },
  ConsistentInstructionCasing: {
    bad: 'FROM b\nRUN a\nrun b\nEnv a=b',
    told: [
      "ConsistentInstructionCasing 3: Command 'run' should match the case of the command majority (uppercase)",
      "ConsistentInstructionCasing 4: Command 'Env' should match the case of the command majority (uppercase)",
    ],
    good: 'from b\nrun a',
  },
  DuplicateStageName: {
    bad: 'FROM b AS x\nFROM b AS x',
    told: ['DuplicateStageName 2: Duplicate stage name "x", stage names should be unique'],
    good: 'FROM b AS x\nFROM b AS y',
  },
  ReservedStageName: {
    bad: 'FROM b AS context',
    told: ['ReservedStageName 1: Stage name should not use the same name as reserved stage "context"'],
    good: 'FROM b AS other',
  },
  JSONArgsRecommended: {
    bad: 'FROM b\nCMD a b',
    told: [
      'JSONArgsRecommended 2: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
    ],
    good: 'FROM b\nCMD ["a"]\nSHELL ["/bin/bash", "-c"]\nENTRYPOINT a',
  },
  MaintainerDeprecated: {
    bad: 'FROM b\nMAINTAINER me',
    told: ['MaintainerDeprecated 2: Maintainer instruction is deprecated in favor of using label'],
    good: 'FROM b\nLABEL maintainer=me',
  },
  UndefinedArgInFrom: {
    bad: 'ARG VARIANT=x\nFROM b${VARIAN}',
    told: ["UndefinedArgInFrom 2: FROM argument 'VARIAN' is not declared (did you mean VARIANT?)"],
    good: 'ARG VARIANT\nFROM b${VARIANT}',
  },
  WorkdirRelativePath: {
    bad: 'FROM b\nWORKDIR a',
    told: ['WorkdirRelativePath 2: Relative workdir "a" can have unexpected results if the base image changes'],
    good: 'FROM b\nWORKDIR /a\nWORKDIR b',
  },
  UndefinedVar: {
    bad: 'FROM b\nENV A=$KNOWM B=${NONE}\nCOPY $C /',
    told: [
      "UndefinedVar 2: Usage of undefined variable '$KNOWM' (did you mean $KNOWN?)",
      "UndefinedVar 2: Usage of undefined variable '$NONE'",
      "UndefinedVar 3: Usage of undefined variable '$C'",
    ],
    good: 'FROM b\nARG X\nENV A=$KNOWN$X B=${NONE:-b}\nRUN $SHELLS_OWN',
  },
  MultipleInstructionsDisallowed: {
    bad: 'FROM b\nCMD ["a"]\nENTRYPOINT ["a"]\nCMD ["b"]',
    told: [
      'MultipleInstructionsDisallowed 2: Multiple CMD instructions should not be used in the same stage because only the last one will be used',
    ],
    good: 'FROM b AS x\nCMD ["a"]\nFROM x\nCMD ["b"]',
  },
  LegacyKeyValueFormat: {
    bad: 'FROM b\nENV a b c',
    told: ['LegacyKeyValueFormat 2: "ENV key=value" should be used instead of legacy "ENV key value" format'],
    good: 'FROM b\nENV a=b',
  },
  InvalidBaseImagePlatform: {
    bad: 'FROM --platform=linux/$NO b',
    told: [],
    good: 'FROM --platform=$BUILDPLATFORM b',
  },
  RedundantTargetPlatform: {
    bad: 'FROM --platform=$TARGETPLATFORM b',
    told: [
      'RedundantTargetPlatform 1: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
    ],
    good: 'FROM b',
  },
  SecretsUsedInArgOrEnv: {
    bad: 'FROM b\nARG DB_PASSWORD\nENV apiKey=1 API_KEY=1',
    told: [
      'SecretsUsedInArgOrEnv 2: Do not use ARG or ENV instructions for sensitive data (ARG "DB_PASSWORD")',
      'SecretsUsedInArgOrEnv 3: Do not use ARG or ENV instructions for sensitive data (ENV "apiKey")',
      'SecretsUsedInArgOrEnv 3: Do not use ARG or ENV instructions for sensitive data (ENV "API_KEY")',
    ],
    good: 'FROM b\nARG PASSWORD_FILE\nENV PUBLIC_KEY=1 MONKEY=2',
  },
  InvalidDefaultArgInFrom: {
    bad: 'ARG TAG\nFROM b:${TAG}',
    told: ['InvalidDefaultArgInFrom 2: Default value for ARG b:${TAG} results in empty or invalid base image name'],
    good: 'ARG TAG=x\nFROM b:${TAG}',
  },
  FromPlatformFlagConstDisallowed: {
    bad: 'FROM --platform=linux/amd64 b',
    told: ['FromPlatformFlagConstDisallowed 1: FROM --platform flag should not use constant value "linux/amd64"'],
    good: 'FROM --platform=linux/amd64 b AS build_amd64',
  },
  CopyIgnoredFile: {
    bad: 'FROM b\nCOPY ignored/x ./a.log /\nADD b.log /',
    told: [
      'CopyIgnoredFile 2: Attempting to Copy file "ignored/x" that is excluded by .dockerignore',
      'CopyIgnoredFile 2: Attempting to Copy file "./a.log" that is excluded by .dockerignore',
      'CopyIgnoredFile 3: Attempting to Add file "b.log" that is excluded by .dockerignore',
    ],
    good: 'FROM b\nCOPY . kept /\nCOPY --from=b ignored /',
  },
  InvalidDefinitionDescription: {
    bad: '# check=experimental=all\n# some remark\nARG A=1\n# and another\nFROM b AS x',
    told: [
      'InvalidDefinitionDescription 3: Comment for ARG should follow the format: `# A <description>`',
      'InvalidDefinitionDescription 5: Comment for FROM should follow the format: `# x <description>`',
    ],
    good: '# check=experimental=all\n\n# A is one\nARG A=1\n# x too\nFROM b AS x',
  },
  ExposeProtoCasing: {
    bad: 'FROM b\nEXPOSE 80/TcP',
    told: ["ExposeProtoCasing 2: Defined protocol '80/TcP' in EXPOSE instruction should be lowercase"],
    good: 'FROM b\nEXPOSE 80/tcp',
  },
  ExposeInvalidFormat: {
    bad: 'FROM b\nEXPOSE 127.0.0.1:80:80',
    told: [
      "ExposeInvalidFormat 2: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:80'",
    ],
    good: 'FROM b\nEXPOSE 80',
  },
};

for (const [rule, { bad, told, good }] of Object.entries(CASES)) {
  if (rule === 'InvalidBaseImagePlatform') continue;
  test(rule, async () => {
    assert.deepEqual(await found(bad), told);
    assert.deepEqual(await found(good), []);
  });
}

test('InvalidBaseImagePlatform', async () => {
  assert.deepEqual(await found('FROM --platform=linux/arm64 b AS arm64'), [
    'InvalidBaseImagePlatform 1: Base image b was pulled with platform "linux/amd64", expected "linux/arm64" for current build',
  ]);
});

test('what is skipped, by the file or by the argument that wins over it', async () => {
  const text = 'FROM b\nMAINTAINER me\nCMD a';
  assert.equal((await found(text)).length, 2);
  assert.equal((await found(`# check=skip=JSONArgsRecommended\n${text}`)).length, 1);
  assert.equal((await found(`# check=skip=all\n${text}`)).length, 0);
  const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: 'skip=MaintainerDeprecated' };
  assert.equal((await found(`# check=skip=all\n${text}`, { buildArgs })).length, 1);
});

test('warnings are an error where the file says so', async () => {
  const given = input('# check=error=true\nFROM b\nMAINTAINER me\nCMD a\nWORKDIR x');
  const { warnings } = await checkBuild(given);
  assert.throws(() => failOnWarnings(checkDirective(given.dockerfile, {}), warnings), {
    message: 'lint violation found for rules: JSONArgsRecommended, MaintainerDeprecated, WorkdirRelativePath',
  });
  failOnWarnings(checkDirective(parseDockerfile('FROM b'), {}), warnings);
});

test('only what the target needs is gone through, and of an unknown base no variable is missed', async () => {
  assert.deepEqual(await found('FROM b AS x\nMAINTAINER me\nFROM b AS y\nFROM y', { target: 'y' }), []);
  assert.deepEqual(await found('FROM unknown\nENV A=$JAVA_HOME'), []);
});

test('what would fail is told with what was found before', async () => {
  const { warnings, error } = await checkBuild(input('FROM b\nMAINTAINER me\nSTOPSIGNAL NOPE'));
  assert.equal(warnings.length, 1);
  assert.match(error?.message ?? '', /line 3: .*NOPE/);
});

test('the outline names what a build takes', () => {
  const given = input(
    [
      '# VERSION of it',
      'ARG VERSION=1',
      'ARG UNUSED=2',
      '# out the result',
      'FROM b:${VERSION} AS out',
      'ARG OTHER',
      'RUN --mount=type=secret,id=s,required --mount=type=cache,target=/c --mount=type=ssh x',
    ].join('\n'),
    { buildArgs: { OTHER: 'o' } },
  );
  assert.deepEqual(outlineOf(given), {
    name: 'out',
    description: 'the result',
    args: [
      { name: 'VERSION', value: '1', description: 'of it', line: 2 },
      { name: 'OTHER', value: 'o', line: 6 },
    ],
    secrets: [{ name: 's', required: true, line: 7 }],
    ssh: [{ name: 'default', required: false, line: 7 }],
    cache: [{ id: '/c', line: 7 }],
  });
});

test('the targets are the stages', () => {
  const { plan, imageOf } = input('# x first\nFROM b AS x\nFROM x');
  assert.deepEqual(targetsOf(plan, imageOf), [
    { name: 'x', default: false, description: 'first', base: 'b', line: 2 },
    { default: true, base: 'x', line: 3 },
  ]);
});
