/** Sockets at which the machine itself takes logs. */
export const LOG_SOCKETS = {
  /** systemd-journald(8); `TSDOCKER_JOURNAL_SOCKET` names another one. */
  journalSocket: process.env['TSDOCKER_JOURNAL_SOCKET'] || '/run/systemd/journal/socket',
  /** In the order in which docker tries them. */
  syslogSockets: ['/dev/log', '/var/run/syslog', '/var/run/log'],
} as const;
