public class Main {
    public static void main(String[] arguments) {
        for (int i = 0; i < 4; i++)
            new Thread(() -> {
                while (true) {
                }
            }).start();
    }
}
