# Two stages: what builds Sallyport stays behind, the programs and what they need go on.
#
#   docker build -t sallyport .
#   docker run --rm -v "$PWD/test/data:/data:ro" sallyport replay -c /etc/sallyport/demo.conf /data/demo.pcap
#
# With a NIC the container needs the devices and hugepages of the host besides:
#
#   docker run --privileged -v /dev/hugepages:/dev/hugepages -v /dev/vfio:/dev/vfio \
#       -v /etc/sallyport:/etc/sallyport:ro sallyport run -c /etc/sallyport/sallyport.conf
FROM debian:12 AS build
WORKDIR /src
COPY scripts/deps scripts/deps
RUN scripts/deps build
COPY . .
RUN meson setup --buildtype=release --prefix=/usr -Dtests=disabled /build \
    && meson compile -C /build \
    && DESTDIR=/out meson install -C /build --no-rebuild

FROM debian:12
COPY scripts/deps /tmp/deps
RUN /tmp/deps run nic && rm -rf /tmp/deps /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
COPY --from=build /out /
COPY conf/demo.conf /etc/sallyport/
ENTRYPOINT ["sallyport"]
