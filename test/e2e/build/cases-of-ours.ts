import { readlinkSync } from 'node:fs';

/** Dockerfiles that need more than dockerd's own builder knows, or that must fail; what each has to give. */
export interface OwnCase {
  dockerfile: string;
  /** Arguments of `build`. */
  args?: string[];
  /** Path to content, or to `mode uid:gid type` for a value that begins with `=`. Undefined: it must not be there. */
  files?: Record<string, string | undefined>;
  /** Members of the configuration. */
  config?: Record<string, unknown>;
  /** `created_by`, the last first; only as many as there are. */
  history?: string[];
  /** The build fails, and says this. */
  error?: RegExp;
}

const base = (text: string): string => `FROM base:test\n${text}\n`;

export const OWN_CASES: Readonly<Record<string, OwnCase>> = {
  'a here-document is the script': {
    dockerfile: base('RUN <<EOF\nset -e\necho one > /w\necho two >> /w\nEOF'),
    files: { '/w': 'one\ntwo\n' },
    history: ['RUN /bin/sh -c set -e\necho one > /w\necho two >> /w\n # buildkit'],
  },
  'a here-document is read by a program': {
    dockerfile: base("RUN cat <<'EOF' > /w\n$HOME stays\nEOF"),
    files: { '/w': '$HOME stays\n' },
  },
  'a script for another shell': {
    dockerfile: base('RUN <<EOF\n#!/bin/bash\necho "$BASH" > /w\nEOF'),
    files: { '/w': '/bin/bash\n' },
  },
  'two here-documents': {
    dockerfile: base('RUN cat <<A > /a && cat <<B > /b\none\nA\ntwo\nB'),
    files: { '/a': 'one\n', '/b': 'two\n' },
  },
  'copied here-documents': {
    dockerfile: base('ENV V=value\nCOPY <<one <<"two" /w/\n$V\none\n$V\ntwo'),
    files: { '/w/one': 'value\n', '/w/two': '$V\n', '/w': '=755 0:0 d' },
  },
  'tabs before a here-document go': {
    dockerfile: base('COPY <<-EOF /w\n\t\tone\n\ttwo\n\tEOF'),
    files: { '/w': 'one\ntwo\n' },
  },
  'copy with permissions': {
    dockerfile: base('COPY --chmod=640 --chown=7:8 a.txt /w/a\nCOPY --chmod=0755 dir /w/dir'),
    files: { '/w/a': '=640 7:8 f', '/w/dir/x': '=755 0:0 f', '/w': '=755 7:8 d' },
    history: ['COPY --chmod=0755 dir /w/dir # buildkit', 'COPY --chown=7:8 --chmod=640 a.txt /w/a # buildkit'],
  },
  'copy without some': {
    dockerfile: base('COPY --exclude=sub --exclude=*.txt . /w/'),
    files: { '/w/a.txt': undefined, '/w/dir/x': 'x\n', '/w/dir/sub/y': 'y\n' },
  },
  'copy with parents': {
    dockerfile: base('COPY --parents dir/sub/y a.txt /w/'),
    files: { '/w/dir/sub/y': 'y\n', '/w/a.txt': 'text of a\n', '/w/y': undefined },
  },
  'copy of any depth': { dockerfile: base('COPY **/y /w/'), files: { '/w/y': 'y\n' } },
  'copy as a link': { dockerfile: base('COPY --link a.txt /w/a'), files: { '/w/a': 'text of a\n' } },
  'copy from a stage keeps owners': {
    dockerfile:
      'FROM base:test AS one\nRUN mkdir /o && touch /o/f && chown 5:6 /o/f\nFROM base:test\nCOPY --from=one /o /w',
    files: { '/w/f': '=644 5:6 f' },
  },
  'copy from a stage, another owner': {
    dockerfile:
      'FROM base:test AS one\nRUN mkdir /o && touch /o/f && chown 5:6 /o/f\nFROM base:test\nCOPY --from=one --chown=1:2 /o /w',
    files: { '/w/f': '=644 1:2 f' },
  },
  'ignored files are not there': {
    dockerfile: base('COPY . /w/'),
    files: { '/w/ignored': undefined, '/w/kept.ignored': 'i\n', '/w/.dockerignore': undefined },
  },
  'the context is read in RUN': {
    dockerfile: base('RUN --mount=type=bind,source=dir,target=/in cat /in/x > /w'),
    files: { '/w': 'x\n', '/in': undefined },
  },
  'another stage is read in RUN': {
    dockerfile:
      'FROM base:test AS one\nRUN mkdir /o && echo s > /o/s\nFROM base:test\nRUN --mount=type=bind,from=one,source=/o,target=/in cp /in/s /w; touch /in/x || echo no > /ro',
    files: { '/w': 's\n', '/ro': 'no\n', '/in': undefined },
  },
  'what is written to a mount is lost': {
    dockerfile: base(
      'RUN --mount=type=bind,source=dir,target=/in,rw echo n > /in/x && cat /in/x > /w\nRUN --mount=type=bind,source=dir,target=/in cat /in/x > /v',
    ),
    files: { '/w': 'n\n', '/v': 'x\n' },
  },
  'a cache mount leaves nothing behind': {
    dockerfile: base(
      'RUN --mount=type=cache,target=/c,id=kept echo 1 >> /c/n\nRUN --mount=type=cache,target=/d,id=kept cp /d/n /w',
    ),
    files: { '/w': '1\n', '/c': undefined, '/d': undefined },
  },
  'a tmpfs mount': {
    dockerfile: base('RUN --mount=type=tmpfs,target=/t stat -f -c %T /t > /w; touch /t/x'),
    files: { '/w': 'tmpfs\n', '/t': undefined },
  },
  'a secret is there for its step alone': {
    dockerfile: base('RUN --mount=type=secret,id=s cat /run/secrets/s > /dev/null && wc -c < /run/secrets/s > /w'),
    args: ['--secret', 'id=s,env=SECRET_OF_TEST'],
    files: { '/w': '7\n', '/run/secrets': undefined },
  },
  'a secret as a variable': {
    dockerfile: base('RUN --mount=type=secret,id=s,env=S echo "${#S}" > /w'),
    args: ['--secret', 'id=s,env=SECRET_OF_TEST'],
    files: { '/w': '7\n' },
  },
  'a secret that may be missing': {
    dockerfile: base('RUN --mount=type=secret,id=no test ! -e /run/secrets/no && touch /w'),
    files: { '/w': '' },
  },
  'no network for one step': {
    dockerfile: base('RUN --network=none ls /sys/class/net > /w'),
    files: { '/w': 'lo\n' },
  },
  'platform arguments': {
    dockerfile: base('ARG TARGETOS\nARG BUILDPLATFORM\nRUN echo "$TARGETOS $BUILDPLATFORM" > /w'),
    files: { '/w': 'linux linux/amd64\n' },
  },
  'arguments of the command line': {
    dockerfile: base('ARG A=1\nARG B\nRUN echo "$A $B" > /w'),
    args: ['--build-arg', 'A=x', '--build-arg', 'B=y z'],
    files: { '/w': 'x y z\n' },
    history: ['RUN |2 A=x B=y z /bin/sh -c echo "$A $B" > /w # buildkit', 'ARG B=y z', 'ARG A=x'],
  },
  'a stage is chosen': {
    dockerfile: 'FROM base:test AS one\nRUN touch /one\nFROM one AS two\nRUN touch /two\nFROM two\nRUN exit 1',
    args: ['--target', 'two'],
    files: { '/one': '', '/two': '' },
  },
  'an unused stage does not run': {
    dockerfile: 'FROM base:test AS broken\nRUN exit 1\nFROM base:test\nRUN touch /w',
    files: { '/w': '' },
  },
  'from nothing': {
    dockerfile: 'FROM scratch\nCOPY a.txt /w/\nCOPY dir /w/dir\nENV A=1',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'A=1'], WorkingDir: '/' },
    history: ['ENV A=1', 'COPY dir /w/dir # buildkit', 'COPY a.txt /w/ # buildkit'],
  },
  'labels of the command line': {
    dockerfile: base('LABEL a=1 b=1'),
    args: ['--label', 'b=2', '--label', 'c=3'],
    config: { Labels: { a: '1', b: '2', c: '3' } },
  },
  onbuild: {
    dockerfile: 'FROM base:test AS parent\nONBUILD RUN echo ran > /w\nONBUILD ENV B=c\nFROM parent\nRUN cat /w',
    files: { '/w': 'ran\n' },
    config: { OnBuild: null },
  },
  'a health check with a start interval': {
    dockerfile: base('HEALTHCHECK --start-interval=250ms --start-period=2s CMD true'),
    config: { Healthcheck: { Test: ['CMD-SHELL', 'true'], StartPeriod: 2e9, StartInterval: 25e7 } },
  },
  'a workdir with a slash at the end': {
    dockerfile: base('WORKDIR /w/\nRUN pwd > a'),
    files: { '/w/a': '/w\n' },
    config: { WorkingDir: '/w' },
  },
  'metadata alone': {
    dockerfile: base('ENV A=1\nEXPOSE 80\nUSER 1\nWORKDIR /\nCMD ["a"]'),
    config: { User: '1', Cmd: ['a'], WorkingDir: '/', ExposedPorts: { '80/tcp': {} } },
    history: ['CMD ["a"]', 'WORKDIR /', 'USER 1', 'EXPOSE [80/tcp]', 'ENV A=1'],
  },
  'an argument can name what is copied': {
    dockerfile: base('ARG DIR=dir\nCOPY $DIR/x ${DIR:+/w}/'),
    files: { '/w/x': 'x\n' },
  },
  'cut and replaced variables': {
    dockerfile: base('ARG V=abc.tar.gz\nENV A=${V%.gz} B=${V##*.} C=${V/tar/zip}\nRUN echo $A $B $C > /w'),
    files: { '/w': 'abc.tar gz abc.zip.gz\n' },
  },
  'a script for another program': {
    dockerfile: base(
      "USER nobody\nRUN <<EOF\n#!/usr/bin/env perl\nprint qq(of perl: $0\\n);\nEOF\nUSER root\nRUN <<EOF\n#!/usr/bin/perl -w\nopen(my $f, '>', '/w'); print $f 'perl';\nEOF",
    ),
    files: { '/w': 'perl', '/dev/pipes': undefined },
    history: ['RUN /bin/sh -c /dev/pipes/EOF # buildkit'],
  },
  'copy from a stage by a pattern': {
    dockerfile:
      'FROM base:test AS one\nRUN mkdir -p /o/p1 /o/p2/in && touch /o/p1/a.so /o/p1/b.txt /o/p2/c.so /o/p2/in/d.so\nFROM base:test\nCOPY --from=one /o/p*/*.so /w/\nCOPY --from=one /o/**/d.* /v/',
    files: { '/w/a.so': '', '/w/c.so': '', '/w/b.txt': undefined, '/w/d.so': undefined, '/v/d.so': '' },
  },
  'a pattern that fits nothing': { dockerfile: base('COPY nope* /w/\nCOPY --from=base:test /no*pe /w/') },
  'copy with parents, from a pivot on': {
    dockerfile: base('COPY --parents ./dir/./sub/y dir/./x /w/'),
    files: { '/w/sub/y': 'y\n', '/w/x': 'x\n', '/w/dir': undefined },
  },
  'copy with parents from a stage': {
    dockerfile:
      'FROM base:test AS one\nRUN mkdir -p /o/p/q && touch /o/p/q/f\nFROM base:test\nCOPY --parents --from=one /o/./p/*/f /w/',
    files: { '/w/p/q/f': '' },
    history: ['COPY --parents /o/./p/*/f /w/ # buildkit'],
  },
  'symbolic permissions': {
    dockerfile: base('COPY --chmod=u=rwX,go=rX dir /w/\nCOPY --chmod=u+x,o-r a.txt /v\nCOPY --chmod=a+X,g+s a.txt /u'),
    files: { '/w/x': '=644 0:0 f', '/w/sub': '=755 0:0 d', '/v': '=740 0:0 f', '/u': '=2644 0:0 f' },
  },
  'a copy as a link goes by its own tree': {
    dockerfile: base('RUN mkdir /real && ln -s /real /w && touch /real/kept\nCOPY --link a.txt /w/'),
    files: { '/w': '=755 0:0 d', '/w/a.txt': 'text of a\n', '/real/kept': '', '/real/a.txt': undefined },
  },
  'the later one of ENV and ARG wins': {
    dockerfile: base('ENV A=env\nARG A=arg\nRUN echo $A > /w\nENV A=again\nRUN echo $A > /v'),
    files: { '/w': 'arg\n', '/v': 'again\n' },
  },
  'arguments of the stage below': {
    dockerfile: 'FROM base:test AS one\nARG A=below\nFROM one\nRUN echo $A > /w',
    files: { '/w': 'below\n' },
  },
  'a declared proxy is an argument like others': {
    dockerfile: base('ARG NO_PROXY\nRUN echo $NO_PROXY-$no_proxy > /w'),
    args: ['--build-arg', 'NO_PROXY=a', '--build-arg', 'no_proxy=b'],
    files: { '/w': 'a-b\n' },
    history: ['RUN |1 NO_PROXY=a /bin/sh -c echo $NO_PROXY-$no_proxy > /w # buildkit'],
  },
  'a workdir belongs to the user': {
    dockerfile: base('USER nobody:nogroup\nWORKDIR /w/in\nRUN touch f\nUSER nobodyatall\nWORKDIR /v\nUSER root'),
    files: { '/w/in': '=755 65534:65534 d', '/w': '=755 65534:65534 d', '/v': '=755 0:0 d' },
  },
  'ignored files are not in a mount': {
    dockerfile: base('RUN --mount=type=bind,target=/in ls -A /in > /w; cat /in/dir/x >> /w'),
    files: { '/w': 'a.txt\ndir\nkept.ignored\noutside\nwith space.txt\nx\n' },
  },
  'a cache mount begins as a copy': {
    dockerfile:
      'FROM base:test AS one\nRUN mkdir /o && echo s > /o/s\nFROM base:test\nRUN --mount=type=cache,target=/c,from=one,source=/o cp /c/s /w && echo t > /c/t\nRUN --mount=type=cache,target=/c,from=one,source=/o cat /c/t > /v\nRUN --mount=type=cache,target=/c test ! -e /c/s',
    files: { '/w': 's\n', '/v': 't\n' },
  },
  'one secret with two permissions': {
    dockerfile:
      'FROM base:test AS a\nRUN --mount=type=secret,id=s,mode=0444,uid=5 stat -Lc %a:%u /run/secrets/s > /a\nFROM base:test AS b\nRUN --mount=type=secret,id=s stat -Lc %a:%u /run/secrets/s > /b\nFROM base:test\nCOPY --from=a /a /\nCOPY --from=b /b /',
    args: ['--secret', 'id=s,env=SECRET_OF_TEST'],
    files: { '/a': '444:5\n', '/b': '400:0\n' },
  },
  'a host name that stays the same': {
    dockerfile: base('RUN hostname > /w'),
    files: { '/w': 'buildkitsandbox\n' },
  },
  'privileges that are allowed': {
    dockerfile: base('RUN --security=insecure mount -t tmpfs none /mnt && stat -fc %T /mnt > /w'),
    args: ['--allow', 'security.insecure'],
    files: { '/w': 'tmpfs\n' },
  },
  'the network of the host, allowed': {
    dockerfile: base('RUN --network=host readlink /proc/self/ns/net > /w'),
    args: ['--allow', 'network.host'],
    files: { '/w': `${readlinkSync('/proc/self/ns/net')}\n` },
  },
  'unknown instruction': {
    dockerfile: base('RUNN x'),
    error: /Dockerfile:2\n[\s\S]*>>> RUNN x\n[\s\S]*unknown instruction: RUNN/,
  },
  'unknown flag': { dockerfile: base('COPY --nope a /b'), error: /line 2: unknown flag: --nope/ },
  'no FROM': { dockerfile: 'RUN x\n', error: /no build stage in current context/ },
  empty: { dockerfile: '\n# nothing\n', error: /no instructions|cannot be empty/ },
  'circle of stages': {
    dockerfile: 'FROM base:test AS a\nCOPY --from=b /x /y\nFROM base:test AS b\nCOPY --from=a /x /y\n',
    error: /circular dependency detected on stage/,
  },
  'unknown target': {
    dockerfile: base('RUN x'),
    args: ['--target', 'no'],
    error: /target stage "no" could not be found/,
  },
  'missing file': { dockerfile: base('COPY nope /w'), error: />>> COPY nope \/w\n[\s\S]*"\/nope": not found/ },
  'missing file in a stage': {
    dockerfile: 'FROM base:test AS a\nFROM base:test\nCOPY --from=a /nope /w\n',
    error: /"\/nope": not found/,
  },
  'above the context': { dockerfile: base('COPY ../../etc/passwd /w'), error: /"\/etc\/passwd": not found/ },
  'through a link out of the context': {
    dockerfile: base('COPY outside/passwd /w'),
    error: /"\/outside\/passwd": not found/,
  },
  'a failing command': {
    dockerfile: base('RUN echo told; exit 7'),
    error: /told\n------\n[\s\S]*>>> RUN echo told; exit 7\n[\s\S]*did not complete successfully: exit code: 7/,
  },
  'a command that is not there': { dockerfile: base('RUN ["/nope"]'), error: /\/nope/ },
  'a file where a directory has to be': {
    dockerfile: base('RUN touch /w\nCOPY dir /w/'),
    error: /cannot copy to non-directory/,
  },
  'several files to one name': {
    dockerfile: base('COPY a.txt dir/x /w'),
    error: /must be a directory and end with a \//,
  },
  'bad permissions': { dockerfile: base('COPY --chmod=rwx a.txt /w'), error: /invalid chmod parameter/ },
  'permissions out of range': {
    dockerfile: base('COPY --chmod=17777 a.txt /w'),
    error: /invalid chmod parameter: '17777'. it should be octal string and between 0 and 07777/,
  },
  'a trigger that closes a circle': {
    dockerfile: 'FROM base:test AS parent\nONBUILD COPY --from=app /etc/hostname /x\nFROM parent AS app\nRUN true',
    error: /circular dependency detected on stage: app/,
  },
  'an unknown entitlement': { dockerfile: base('RUN true'), args: ['--allow', 'x'], error: /invalid entitlement: x/ },
  'unknown user': { dockerfile: base('COPY --chown=nobodyatall a.txt /w'), error: /nobodyatall/ },
  'a needed secret': { dockerfile: base('RUN --mount=type=secret,id=s,required true'), error: /secret s: not found/ },
  'bad stop signal': { dockerfile: base('STOPSIGNAL NOPE'), error: /NOPE/ },
  'bad port': { dockerfile: base('EXPOSE 99999'), error: /invalid containerPort: 99999/ },
  privileges: { dockerfile: base('RUN --security=insecure true'), error: /security.insecure is not allowed/ },
  'the network of the host': { dockerfile: base('RUN --network=host true'), error: /network.host is not allowed/ },
};
