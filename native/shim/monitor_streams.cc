#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/monitor.h"

namespace tsd::shim {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
// A client that takes nothing for this long is dropped when others wait for it.
constexpr uint64_t kClientPatience = 10000000000;

char read_buffer[kReadBytes];

}  // namespace

void Monitor::accept_clients() {
  while (client_count_ < kMaxClients) {
    const int fd = accept4(kListenerFd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    auto* client = new Client(fd);
    client->last_progress = now();
    clients_[client_count_++] = client;
    update(client);
  }
}

void Monitor::drop(Client* client) {
  if (client->dead) return;
  client->dead = garbage_ = true;
  poller_.set(client->watch, 0);
  client->watch.fd = -1;
  if (freeze_.client == client) freeze_.client = nullptr;
  if (client->attached) {
    if (Session* session = find(client->session); session != nullptr) update_outputs(session);
  }
  if (!client->control || go_ || phase_ != Phase::kStarting) return;
  // The daemon is gone before it said go: there is nobody this container is for.
  for (int i = 0; i < client_count_; i++) {
    if (clients_[i]->control && !clients_[i]->dead) return;
  }
  fail_start({true, plan_.size(), Error{ECANCELED, "go", "", ""}});
}

void Monitor::update(Client* client) {
  if (client->dead) return;
  poller_.set(client->watch, (client->held ? 0u : EPOLLIN) | (client->queued() > 0 ? EPOLLOUT : 0u));
}

void Monitor::on_client(Client* client, uint32_t events) {
  if (client->dead) return;
  if ((events & EPOLLOUT) != 0) {
    if (!client->flush(now())) return drop(client);
    if (client->attached) {
      if (Session* session = find(client->session); session != nullptr) update_outputs(session);
    }
  }
  if (client->held) {
    // Only a hang-up wakes one that waits. Other input is of an event from before it had to: another one of the same
    // batch (go, an exec) reads every client.
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) return drop(client);
  } else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    read_client(client);
  }
  update(client);
}

void Monitor::read_client(Client* client) {
  for (int frames = 0; frames < 64 && !client->dead; frames++) {
    switch (client->read()) {
      case Client::Read::kNothing:
        return;
      case Client::Read::kClosed:
        return drop(client);
      case Client::Read::kFrame:
        if (!handle(client)) {
          client->held = true;
          return update(client);
        }
        if (!client->dead) client->consume();
    }
  }
}

void Monitor::send(Client* client, FrameType type, uint8_t stream, uint16_t session, const void* payload,
                   size_t length) {
  if (client->dead) return;
  if (client->queued() == 0) client->last_progress = now();
  if (!client->send(type, stream, session, payload, length)) return drop(client);
  update(client);
}

void Monitor::broadcast(FrameType type, uint16_t session, const void* payload, size_t length) {
  for (int i = 0; i < client_count_; i++) {
    if (clients_[i]->control) send(clients_[i], type, 0, session, payload, length);
  }
}

void Monitor::on_output(Session* session, uint8_t index) {
  if (session->output_watch[index].fd < 0) return;
  const ssize_t got = read(session->output_watch[index].fd, read_buffer, kReadBytes);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const uint8_t stream = static_cast<uint8_t>(index + 1);
  if (got > 0) {
    session->last_output = now();
    if (session->number == 0 && log_.is_open()) log_.add(stream, read_buffer, static_cast<size_t>(got));
    return deliver(session, stream, read_buffer, static_cast<size_t>(got));
  }
  // End of file; EIO on a terminal's master: all slaves are closed.
  if (session->number == 0 && log_.is_open()) log_.end(stream);
  poller_.set(session->output_watch[index], 0);
  session->close_output(index);
  if (session->reaped) check_finished(session);
}

void Monitor::deliver(Session* session, uint8_t stream, const char* data, size_t length) {
  for (int i = 0; i < client_count_; i++) {
    Client* client = clients_[i];
    if (client->attached && client->session == session->number && (client->streams & (1u << stream)) != 0)
      send(client, FrameType::kOutput, stream, session->number, data, length);
  }
  update_outputs(session);
}

void Monitor::resume_input(Session* session) {
  session->input_blocked = false;
  for (int i = 0; i < client_count_ && !session->input_blocked; i++) {
    Client* client = clients_[i];
    if (client->dead || !client->held || client->session != session->number) continue;
    if (!handle(client)) break;
    client->consume();
    read_client(client);
    update(client);
  }
  update_outputs(session);
}

// What the loop waits for on the session's descriptors: output only while every client has room for it.
void Monitor::update_outputs(Session* session) {
  bool full = false;
  for (int i = 0; i < client_count_; i++) {
    const Client* client = clients_[i];
    if (!client->attached || client->dead || client->session != session->number) continue;
    // Once stopped, half of the queue has to go before it goes on.
    full = full || client->full() || (session->throttled && client->queued() > Client::kQueueLimit / 2);
  }
  session->throttled = full;
  const uint32_t reading = full ? 0u : EPOLLIN, writing = session->input_blocked ? EPOLLOUT : 0u;
  if (session->is_terminal()) {
    poller_.set(session->output_watch[0], reading | writing);
  } else {
    for (Watch& watch : session->output_watch) poller_.set(watch, reading);
    poller_.set(session->input_watch, writing);
  }
}

void Monitor::drop_stuck_clients(Session* session) {
  const uint64_t time = now();
  bool others_wait = session->reaped;
  for (int i = 0; i < client_count_; i++) {
    const Client* client = clients_[i];
    if (client->attached && !client->dead && client->session == session->number && !client->full()) others_wait = true;
  }
  if (!others_wait) return;
  for (int i = 0; i < client_count_; i++) {
    Client* client = clients_[i];
    if (client->attached && client->session == session->number && client->full() &&
        time - client->last_progress > kClientPatience)
      drop(client);
  }
}

void Monitor::end_streams(uint16_t number) {
  for (int i = 0; i < client_count_; i++) {
    Client* client = clients_[i];
    if (client->dead || !client->attached || client->session != number) continue;
    if (client->held) {
      // Nobody will read what it has written.
      client->consume();
      update(client);
    }
    send(client, FrameType::kEnd, 0, number, nullptr, 0);
  }
}

}  // namespace tsd::shim
