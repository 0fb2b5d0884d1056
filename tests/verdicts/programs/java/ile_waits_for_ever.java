public class Main {
    public static void main(String[] arguments) throws InterruptedException {
        synchronized (Main.class) {
            Main.class.wait();
        }
    }
}
