/** Two hours of a vLLM batch server, under the names that its dashboards ask for. */

const MODEL = "gemma-3-4b-it";
const GIB = 1024 ** 3;
const STEP_S = 10;
const PAST_S = 2 * 3600;

/** Buckets of a histogram whose observations lie around `middle`: their share below each bound. */
const share = (bound, middle) => 1 / (1 + (middle / bound) ** 3);

/** The page that the server would have given `t` seconds after it began. */
function* samples(t) {
  const wave = Math.sin(t / 600);
  const labels = `model="${MODEL}"`;
  const active = { validating: 1 + (t % 300 < 60 ? 1 : 0), in_progress: Math.round(3 + 2 * wave), completed: Math.floor(t / 400), failed: Math.floor(t / 3600) };
  for (const [status, value] of Object.entries(active)) yield [`vllm_batch_jobs_active{status="${status}"}`, value];
  yield ["vllm_queue_depth", 6];
  // 97 of 100 batches end well.
  yield ['vllm_batch_jobs_total{status="completed"}', 0.97 * (t / 20)];
  yield ['vllm_batch_jobs_total{status="failed"}', 0.03 * (t / 20)];
  yield [`vllm_batch_requests_processed_total{${labels},status="completed"}`, 24 * t + 900 * Math.sin(t / 500)];
  yield [`vllm_batch_requests_processed_total{${labels},status="failed"}`, 0.4 * t];
  const histograms = {
    vllm_batch_processing_duration_seconds: [[30, 60, 120, 300, 600, 1200], 190 + 60 * wave, 0.05],
    vllm_chunk_processing_duration_seconds: [[1, 2, 5, 10, 20, 60], 6 + 2 * wave, 0.4],
    vllm_chunk_size: [[100, 250, 500, 1000, 2500, 5000], 620 + 200 * wave, 0.4],
    vllm_queue_wait_time_seconds: [[1, 5, 15, 30, 60, 120, 300], 24 + 8 * wave, 0.05],
    vllm_inference_duration_seconds: [[0.5, 1, 2, 4, 8, 16], 2.4 + 0.8 * wave, 0.8],
    vllm_model_load_duration_seconds: [[5, 10, 20, 40, 80], 22, 0.002],
  };
  for (const [name, [bounds, middle, rate]] of Object.entries(histograms)) {
    for (const bound of bounds) yield [`${name}_bucket{${labels},le="${bound}"}`, rate * t * share(bound, middle)];
    yield [`${name}_bucket{${labels},le="+Inf"}`, rate * t];
    yield [`${name}_count{${labels}}`, rate * t];
    yield [`${name}_sum{${labels}}`, rate * t * middle];
  }
  yield ['vllm_gpu_temperature_celsius{gpu_id="0"}', 72 + 4 * Math.sin(t / 900) * (t < PAST_S - 600 ? 1 : 0)];
  yield ['vllm_gpu_memory_used_bytes{gpu_id="0"}', (20.4 + (t < PAST_S - 600 ? wave : 0)) * GIB];
  yield ['vllm_gpu_memory_total_bytes{gpu_id="0"}', 24 * GIB];
  yield ['vllm_gpu_utilization_percent{gpu_id="0"}', t < PAST_S - 600 ? 88 + 8 * wave : 91];
  yield [`vllm_model_loaded{${labels}}`, 1];
  yield [`vllm_throughput_tokens_per_second{${labels}}`, 1450 + 280 * wave];
  yield [`vllm_tokens_generated_total{${labels}}`, 1450 * t];
  yield [`vllm_chunks_processed_total{${labels},status="completed"}`, 0.42 * t];
  yield [`vllm_chunks_processed_total{${labels},status="failed"}`, 0.01 * t];
}

/** Exposition text with timestamps, up to `endMs`. */
export function* batchServerHistory(endMs) {
  for (let t = 0; t <= PAST_S; t += STEP_S) {
    const ms = endMs - (PAST_S - t) * 1000;
    let page = "";
    for (const [series, value] of samples(t)) page += `${series} ${value} ${ms}\n`;
    yield page;
  }
}
