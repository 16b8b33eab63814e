# The HTTP server in a container: one file of code, no package, no shell script, no root, nothing to write.

FROM denoland/deno:2.9.6 AS build
WORKDIR /build
COPY deno.json deno.lock ./
COPY src src
RUN deno bundle --quiet --minify --output dbss-mcp.js src/main.ts

FROM denoland/deno:2.9.6
COPY --from=build /build/dbss-mcp.js /app/dbss-mcp.js
# The image's user "deno", as a number, so that Kubernetes can see that it is not root.
USER 1993:1993
# Reachable from outside the container, so it starts only with DBSS_MCP_HTTP_TOKENS or DBSS_MCP_OAUTH_ISSUER.
ENV DBSS_MCP_HTTP_HOST=0.0.0.0 DBSS_MCP_HTTP_PORT=8080 DENO_NO_UPDATE_CHECK=1
EXPOSE 8080
ENTRYPOINT [ \
  "deno", "run", "--no-prompt", "--no-config", "--no-lock", "--cached-only", "--unstable-no-legacy-abort", \
  "--allow-env=HW_*,HUAWEICLOUD_SDK_*,DBSS_MCP_*" \
]
# Narrow the hosts to your region's, and add the OAuth issuer's when there is one: deploy/kubernetes.yaml does.
CMD ["--allow-net=0.0.0.0:8080,*.myhuaweicloud.com:443", "/app/dbss-mcp.js", "http"]
