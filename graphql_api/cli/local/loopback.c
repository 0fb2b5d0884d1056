/* Preloaded into a server that has no option for its address: a socket bound to all addresses of
   the machine is bound to the loopback address instead. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int bind(int descriptor, const struct sockaddr *address, socklen_t size) {
    struct sockaddr_in6 local;
    if (size >= sizeof(struct sockaddr_in) && size <= sizeof local) {
        memcpy(&local, address, size);
        struct sockaddr_in *ip4 = (struct sockaddr_in *)&local;
        if (address->sa_family == AF_INET && ip4->sin_addr.s_addr == htonl(INADDR_ANY)) {
            ip4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            address = (struct sockaddr *)&local;
        } else if (address->sa_family == AF_INET6 && size == sizeof local &&
                   IN6_IS_ADDR_UNSPECIFIED(&local.sin6_addr)) {
            inet_pton(AF_INET6, "::ffff:127.0.0.1", &local.sin6_addr);
            address = (struct sockaddr *)&local;
        }
    }
    return syscall(SYS_bind, descriptor, address, size);
}
