# docker build -t msnpspec . && docker run --rm msnpspec list scenarios
FROM rust:1-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
WORKDIR /msnpspec
COPY . .
RUN cargo build --locked --profile dist --bin msnpspec

FROM debian:stable-slim
COPY --from=build /msnpspec/target/dist/msnpspec /usr/local/bin/msnpspec
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/msnpspec/
RUN useradd --create-home msnp
USER msnp
WORKDIR /home/msnp
ENTRYPOINT ["msnpspec"]
CMD ["--help"]
